import { printable } from '../../core/mod.ts'
import { describeCertificate, describeCrl } from '../../core/pki/mod.ts'
import type { CertificateDescription, CrlDescription } from '../../core/pki/mod.ts'
import type { PkiContent, PkiItem } from './pki-content.ts'
import type { ChainFinding, Findings } from './pki-findings.ts'

/** What there is to tell. */
export interface Inspection {
  readonly contents: readonly PkiContent[]
  readonly findings: Findings
  /** Epoch milliseconds. */
  readonly now: number
}

/** For programs to read. */
export function inspectionJson({ contents, findings, now }: Inspection): string {
  const report = {
    ok: findings.problems.length === 0,
    files: contents.map(({ file, format, items }) => ({
      file,
      format,
      items: items.map((item) => itemJson(item, now)),
      chain: findings.chains.get(file),
    })),
    keys: findings.keys,
    problems: findings.problems,
  }
  return JSON.stringify(report, undefined, 2) + '\n'
}

function itemJson(item: PkiItem, now: number): Record<string, unknown> {
  if (item.kind === 'certificate') {
    return { kind: item.kind, ...describeCertificate(item.certificate, now) }
  }
  if (item.kind === 'crl') return { kind: item.kind, ...describeCrl(item.crl) }
  return item.kind === 'private-key' ? { kind: item.kind } : item
}

/** For people to read. */
export function inspectionText({ contents, findings, now }: Inspection): string {
  const blocks = contents.flatMap(({ file, format, items }) => [
    ...items.flatMap((item, index) => {
      const lines = itemLines(item, now)
      if (lines.length === 0) return []
      const number = items.length > 1 ? `, ${index + 1} of ${items.length}` : ''
      return [[`${file} (${format}${number}): ${item.kind.replace('-', ' ')}`, ...lines]]
    }),
    chainLines({ file, format }, findings.chains.get(file)),
  ])
  blocks.push(findings.keys.map(({ place, type, fits }) => {
    return `${place}: ${type}${fits.length === 0 ? '' : `, fits ${fits.join(' and ')}`}`
  }))
  blocks.push(findings.problems.map((problem) => `WRONG  ${problem}`))
  const texts = blocks.filter((lines) => lines.length > 0).map((lines) =>
    lines.map((line) => printable(line) + '\n').join('')
  )
  return texts.join('\n')
}

function itemLines(item: PkiItem, now: number): string[] {
  if (item.kind === 'certificate') {
    return certificateLines(describeCertificate(item.certificate, now))
  }
  if (item.kind === 'crl') return crlLines(describeCrl(item.crl))
  return item.kind === 'other' ? [line('block', `${item.label}, passed over`)] : []
}

function line(name: string, text: string): string {
  return `  ${name.padEnd(14)}${text}`
}

function certificateLines(about: CertificateDescription): string[] {
  const { dns, ip, email, uri } = about.names
  const names = [
    ...dns.map((name) => `DNS ${name}`),
    ...ip.map((name) => `IP ${name}`),
    ...email.map((name) => `email ${name}`),
    ...uri.map((name) => `URI ${name}`),
  ]
  const bits = about.keyType.includes(String(about.keyBits)) ? '' : `, ${about.keyBits} bits`
  const depth = about.pathLength === undefined ? '' : `, path length ${about.pathLength}`
  return [
    line('subject', about.subject === '' ? '(empty)' : about.subject),
    line('issuer', about.issuer === about.subject ? `${about.issuer} (itself)` : about.issuer),
    line('names', names.join(', ') || 'none'),
    line('valid', `${day(about.notBefore)} to ${day(about.notAfter)}, ${left(about.daysLeft)}`),
    line('key', about.keyType + bits),
    line('signature', about.signatureAlgorithm),
    line('CA', about.isCa ? `yes${depth}` : 'no'),
    line('key usages', about.keyUsages.join(', ') || 'not limited'),
    line('extended', about.extendedKeyUsages.join(', ') || 'not limited'),
    line('serial', about.serial),
    line('version', String(about.version)),
    line('SHA-256', about.sha256),
  ]
}

function crlLines(about: CrlDescription): string[] {
  const delta = about.delta ? ' (a delta)' : ''
  return [
    line('issuer', about.issuer),
    line('this update', day(about.thisUpdate)),
    line('next update', about.nextUpdate === undefined ? 'not said' : day(about.nextUpdate)),
    line('entries', `${about.entries}${delta}`),
    ...about.number === undefined ? [] : [line('number', about.number)],
    line('signature', about.signatureAlgorithm),
    line('SHA-256', about.sha256),
  ]
}

function day(time: string): string {
  return time.replace('.000Z', 'Z')
}

/** `daysLeft` is rounded down: -1 is within the first day after the end. */
function left(daysLeft: number): string {
  if (daysLeft >= 0) return `${inDays(daysLeft)} left`
  return daysLeft === -1 ? 'expired today' : `expired ${inDays(-daysLeft - 1)} ago`
}

function inDays(days: number): string {
  return days === 1 ? '1 day' : `${days} days`
}

function chainLines(
  { file, format }: Pick<PkiContent, 'file' | 'format'>,
  chain: ChainFinding | undefined,
): string[] {
  if (chain === undefined) return []
  if (chain.order === 'set') return [`${file}: certificates that do not build on one another`]
  const order = chain.order === 'single' ? '' : `the chain is ${chain.order}; `
  const dropped = format === 'PKCS#12' ? ' or, self-signed, not used of the PKCS#12' : ''
  const end = chain.complete
    ? 'complete up to a self-signed certificate'
    : `issued in the end by "${chain.missingIssuer}", which is not among the files${dropped}`
  return [`${file}: ${order}${end}`]
}
