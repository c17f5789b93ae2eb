import type { Address } from '../../port/mod.ts'
import type { Path } from '../types.ts'
import { isMap, type Problems, valueAt } from '../problems.ts'
import type { Item, Sections } from '../sections.ts'
import { pathText, quote, suggest } from '../text.ts'
import { addressText } from '../address-text.ts'
import { isLoopback } from '../schema/addresses.ts'
import type { WrittenListener } from '../schema/listeners.ts'
import type { WrittenClients } from '../schema/trust.ts'
import { UniqueNames } from './names.ts'

/** Checks what listeners, client policies and the admin address owe each other. */
export function checkListeners(problems: Problems, { listeners, admin }: Sections): void {
  const names = new UniqueNames(problems, 'listener name')
  const addresses = new UniqueNames(problems, 'address')
  const takeAddress = (address: Address, path: Path) => {
    if (address.port !== 0) addresses.take(addressText(address), path)
  }
  for (const { path, value, partial } of listeners) {
    takeAddress(value.address, [...path, 'address'])
    if (value.name !== undefined) names.take(value.name, [...path, 'name'])
    if (partial === true) continue
    checkEntries(problems, { path, value })
    checkProxies(problems, { path, value })
    checkListenerClients(problems, { path, value })
    checkConnections(problems, { path, value })
  }
  if (admin === undefined) return
  const path = ['admin', 'address']
  takeAddress(admin.address, path)
  if (isLoopback(admin.address.host)) return
  const text = quote(addressText(admin.address))
  problems.warn(path, `Admin address ${text} is no loopback address: others can reach it`)
}

/** What is no HTTP has no requests, and what has TLS ended here is no stream. */
function checkConnections(problems: Problems, { path, value }: Item<WrittenListener>): void {
  const names = new UniqueNames(problems, 'user name')
  value.users.forEach(({ name }, index) => names.take(name, [...path, 'users', index, 'name']))
  const { stream } = value
  if (stream === undefined) return
  const raw = valueAt(problems.document, ['upstreams'])
  const upstreams = isMap(raw) ? Object.keys(raw) : []
  if (!upstreams.includes(stream.upstream)) {
    const hint = suggest(stream.upstream, upstreams)
    const message = `Unknown upstream ${quote(stream.upstream)}: ${hint}`
    problems.error([...path, 'stream', 'upstream'], message)
  }
  const needsHttp = { tls: value.tls, clients: value.clients, users: value.users[0] }
  for (const [key, given] of Object.entries(needsHttp)) {
    if (given === undefined) continue
    const message = `Cannot use ${key} together with stream: the bytes of connections pass unread`
    problems.error([...path, key], message, 'key')
  }
}

function checkEntries(problems: Problems, { path, value }: Item<WrittenListener>): void {
  const names = new UniqueNames(problems, 'name')
  let first: Path | undefined
  for (const [index, entry] of (value.tls ?? []).entries()) {
    const at = [...path, 'tls', index]
    entry.names.forEach((name, position) => names.take(name, [...at, 'names', position]))
    if (entry.clients !== undefined) checkClients(problems, entry.clients, [...at, 'clients'])
    if (entry.names.length > 0) continue
    if (first === undefined) first = at
    else {
      const message = `Cannot use a second entry without names: ${
        pathText(first)
      } is for all others`
      problems.error([...at, 'names'], message)
    }
  }
}

function checkProxies(problems: Problems, { path, value }: Item<WrittenListener>): void {
  const proxies = value.trustedProxies
  if (proxies === undefined) return
  const at = [...path, 'trustedProxies']
  const asks = value.tls?.some((entry) => (entry.clients?.mode ?? 'none') !== 'none') ?? false
  if (proxies.fingerprints.length > 0 && !asks) {
    const message = 'Cannot know a proxy by fingerprints: no tls entry here asks for certificates'
    problems.error([...at, 'fingerprints'], message)
  }
  if (proxies.fingerprints.length > 0) return
  proxies.cidrs.forEach((cidr, index) => {
    if (!cidr.endsWith('/0')) return
    const message = `Trusted range ${quote(cidr)} takes every address: anyone may speak for clients`
    problems.warn([...at, 'cidrs', index], message)
  })
}

/** The listener's own policy is for certificates in a header, so it needs one. */
function checkListenerClients(problems: Problems, { path, value }: Item<WrittenListener>): void {
  const at = [...path, 'clients']
  if (value.clients === undefined) return
  if (value.trustedProxies?.clientCertificateHeader !== undefined) {
    checkClients(problems, value.clients, at)
    return
  }
  const message = value.tls === undefined
    ? 'Cannot ask clients for certificates without tls: expected trustedProxies with clientCertificateHeader'
    : 'Cannot use clients here: they belong into the entries of tls, or with clientCertificateHeader of trustedProxies'
  problems.error(at, message, 'key')
}

function checkClients(problems: Problems, clients: WrittenClients, path: Path): void {
  const { mode, ca, crl, applications, allow } = clients
  const lists = { ca, crl, allow } as const
  const list = (['ca', 'crl', 'allow'] as const).find((key) => lists[key].length > 0)
  const given = list ?? 'applications'
  const named = list !== undefined || applications !== undefined
  if (mode === undefined && named) {
    const because = `expected none, request or require, because ${given} is given`
    problems.error([...path, 'mode'], `Missing key "mode" in ${pathText(path)}: ${because}`)
  }
  if (mode === 'none' && named) {
    problems.warn(
      [...path, given],
      `Key "${given}" has no effect: mode none asks for no certificate`,
    )
  }
  const online = (['crlFetch', 'ocsp'] as const).find((key) => clients[key] !== 'off')
  if (online !== undefined && ca.length === 0) {
    const because = 'it asks whom certificates name that a CA vouches for, and ca is empty'
    problems.error([...path, online], `Cannot use ${online}: ${because}`)
  }
  if (mode !== undefined && mode !== 'none' && ca.length === 0 && applications === false) {
    const message = 'Cannot trust any client: applications is false and ca is empty'
    problems.error([...path, 'applications'], message)
  }
}
