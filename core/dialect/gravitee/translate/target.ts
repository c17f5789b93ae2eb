/** Where an endpoint is. */
export interface Target {
  readonly host: string
  readonly port: number
  readonly secure: boolean
  /** Without a slash at its end; empty for the root. */
  readonly path: string
}

/** Reads an endpoint's target; a sentence where it is none. */
export function readTarget(text: string | undefined): Target | string {
  if (text === undefined) return 'An endpoint has no target'
  let url: URL
  try {
    url = new URL(text)
  } catch {
    return `Could not use target "${text}": it is not a URL`
  }
  const { protocol, hostname, port, pathname, search, username } = url
  if (!/^(https?|wss?):$/.test(protocol)) {
    return `Could not use target "${text}": http and https are supported`
  }
  if (search !== '' || username !== '') {
    return `Could not use target "${text}": a query or a user is not supported`
  }
  const secure = protocol === 'https:' || protocol === 'wss:'
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (secure ? 443 : 80) : Number(port),
    secure,
    path: pathname.replace(/\/+$/, ''),
  }
}
