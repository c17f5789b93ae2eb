import type { Path } from '../types.ts'
import type { Problems } from '../problems.ts'
import type { Sections } from '../sections.ts'
import { pathText, quote } from '../text.ts'
import { addressText } from '../address-text.ts'
import type { WrittenUpstream } from '../schema/upstreams.ts'

/** Checks each upstream, named or inline. */
export function checkUpstreams(problems: Problems, sections: Sections): void {
  for (const { path, value, partial } of sections.upstreams) {
    if (partial !== true) checkUpstream(problems, value, path)
  }
  for (const { path, value, partial } of [...sections.apis, ...sections.routes]) {
    if (value.upstream === undefined || typeof value.upstream === 'string') continue
    if (partial === true) continue
    checkUpstream(problems, value.upstream, [...path, 'upstream'])
  }
}

function checkUpstream(problems: Problems, upstream: WrittenUpstream, path: Path): void {
  checkEndpoints(problems, upstream, path)
  checkProtocol(problems, upstream, path)
  checkPersistence(problems, upstream, [...path, 'persistence'])
}

/** Only the gateway's own cookie has a name by itself, and an address has none. */
function checkPersistence(problems: Problems, { persistence }: WrittenUpstream, path: Path): void {
  if (persistence === undefined) return
  const { by, name } = persistence
  if (by === 'application-cookie' && name === undefined) {
    const because = 'expected the name of the cookie that endpoints set'
    problems.error([...path, 'name'], `Missing key "name" in ${pathText(path)}: ${because}`)
  }
  if (by === 'source-ip' && name !== undefined) {
    const message = 'Unknown key "name" in persistence by source-ip: it belongs to cookies'
    problems.error([...path, 'name'], message, 'key')
  }
}

/** Over TLS, HTTP/2 is agreed on by ALPN; without it both ends must know beforehand (RFC 9113 section 3). */
function checkProtocol(problems: Problems, { protocol, tls }: WrittenUpstream, path: Path): void {
  const place = [...path, 'protocol']
  if (tls !== undefined && protocol === 'h2c') {
    problems.error(place, 'Cannot use protocol "h2c" with tls: expected h2 or auto, or no tls')
  } else if (tls === undefined && (protocol === 'h2' || protocol === 'auto')) {
    problems.error(place, `Cannot use protocol ${quote(protocol)} without tls: expected h1 or h2c`)
  }
}

function checkEndpoints(problems: Problems, { endpoints }: WrittenUpstream, path: Path): void {
  const seen = new Map<string, number>()
  for (const [index, { address }] of endpoints.entries()) {
    const text = addressText(address)
    const first = seen.get(text)
    if (first === undefined) seen.set(text, index)
    else {
      const message = `Endpoint ${quote(text)} is listed twice: endpoints[${first}] has it already`
      problems.warn([...path, 'endpoints', index, 'address'], message)
    }
  }
}
