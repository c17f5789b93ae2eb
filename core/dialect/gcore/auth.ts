import { ApiFault } from './faults.ts'

const CHALLENGE = { headers: { 'WWW-Authenticate': 'APIKey' } }

/** Lets in whoever has the token: `Authorization: APIKey TOKEN`. @throws ApiFault 401 */
export function authenticate(header: string | null, token: string): void {
  const [, scheme = '', found = ''] = /^\s*(\S+)(?:\s+(.*?))?\s*$/.exec(header ?? '') ?? []
  if (scheme === '') throw refused('not_authenticated', MISSING)
  if (scheme.toLowerCase() !== 'apikey') {
    throw refused('token_not_valid', 'Given token not valid for any token type')
  }
  if (found === '') throw refused('not_authenticated', MISSING)
  if (equal(found, token)) return
  const known = found.split('$')[0] === token.split('$')[0] && found.includes('$')
  throw refused(
    'token_not_valid',
    known ? 'Token is invalid or expired' : `Bad permanent token: ${shown(found)}`,
  )
}

const MISSING = 'Authentication credentials were not provided.'

function refused(exceptionClass: string, message: string): ApiFault {
  return new ApiFault(401, exceptionClass, message, CHALLENGE)
}

/** The beginning of a token, enough to know which one it was. */
function shown(token: string): string {
  return `${token.replace(/[^ -~]/g, '?').slice(0, 4)}...`
}

/** Takes as long for a wrong token as for the right one. */
function equal(found: string, wanted: string): boolean {
  let difference = found.length ^ wanted.length
  for (let at = 0; at < found.length; at++) {
    difference |= found.charCodeAt(at) ^ wanted.charCodeAt(at % Math.max(1, wanted.length))
  }
  return difference === 0
}
