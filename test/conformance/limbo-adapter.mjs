/**
 * Lets suites of X.509 vectors in the form of x509-limbo ask `core/pki`: one call of `validate` a case. It asks the
 * built code, so that every Node runs it: `npm run build` first. Then, with a runner and its vectors beside the
 * repository:
 *
 *   LIMBO_ADAPTER=test/conformance/limbo-adapter.mjs node RUNNER
 *   LIMBO_ADAPTER=test/conformance/limbo-adapter.mjs node_modules/.bin/deno run -A RUNNER
 *
 * Each suite is asked by the rules that it was written for, as the first part of a case's name says them: `webpki` after
 * the Baseline Requirements, `pkits` (made for RFC 3280, which let more be not critical) as the gateway does unless told
 * otherwise, the others after RFC 5280 to the letter. `LIMBO_PROFILE=compatible`, `strict` or `webpki` asks all of them
 * by the rules of that name. `LIMBO_VERDICTS=<file>` appends a line for each verdict, by which two
 * runtimes can be compared.
 */
import { appendFileSync } from 'node:fs'
import process from 'node:process'
import {
  createTruststore,
  isPkiProblem,
  judge,
  readCertificates,
  readCrls,
  readPem,
} from '../../dist/core/pki/mod.js'

const USAGES = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  anyExtendedKeyUsage: 'any',
}
const { LIMBO_PROFILE: wanted, LIMBO_VERDICTS: record } = process.env
const PROFILES = { webpki: 'webpki', pkits: 'compatible' }
/** Where a case names no depth, it is not about depth. */
const DEPTH = 16

/** Judges one case. */
export async function validate(asked) {
  const result = await resultOf(asked)
  if (record !== undefined) {
    appendFileSync(record, `${asked.id} ${result.ok ? 'accepts' : 'refuses'} ${result.reason}\n`)
  }
  return result
}

async function resultOf(asked) {
  const anchors = await readAll(asked.trustedCerts, readCertificates)
  const crls = await readAll(asked.crls, readCrls)
  if (anchors.length === 0) return { ok: false, reason: 'no anchor can be read' }
  if (crls.length === 0 && asked.crls.length > 0) return { ok: false, reason: 'no CRL can be read' }
  const profile = wanted ?? PROFILES[asked.id.split('::')[0]] ?? 'strict'
  const truststore = await createTruststore({ anchors, crls, profile })
  const verdict = await judge(presentationOf(asked), truststore, timeOf(asked), optionsOf(asked))
  const missing = verdict.ok ? missingName(asked, verdict.certificate) : undefined
  return {
    ok: verdict.ok && missing === undefined,
    reason: missing ?? `${verdict.code}: ${verdict.detail}`,
  }
}

/** All that can be read: what cannot is as good as not there. */
async function readAll(texts, read) {
  const all = []
  for (const text of texts) {
    const found = await read(text)
    if (!isPkiProblem(found)) all.push(...found)
  }
  return all
}

function presentationOf({ leaf, intermediates, kind, peerName, maxChainDepth }) {
  return {
    chain: [leaf, ...intermediates].flatMap((pem) => readPem(pem)[0].der),
    purpose: kind,
    name: kind === 'server' ? peerName?.value : undefined,
    depth: maxChainDepth ?? DEPTH,
  }
}

function timeOf({ validationTime }) {
  return validationTime === null ? Date.now() : validationTime.getTime()
}

function optionsOf({ extendedKeyUsage: [usage] }) {
  return usage === undefined ? {} : { extendedKeyUsage: USAGES[usage] }
}

/** The gateway asks clients for no name of its own accord; conditions on names are asked of trusted certificates. */
function missingName({ kind, peerNames }, { names }) {
  if (kind !== 'client') return undefined
  const lists = { DNS: names.dns, IP: names.ip, RFC822: names.email }
  const missing = peerNames.find(({ kind, value }) => lists[kind]?.includes(value) !== true)
  return missing === undefined ? undefined : `it does not name ${missing.value}`
}
