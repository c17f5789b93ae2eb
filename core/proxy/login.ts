import { refusal } from '../decide/mod.ts'
import type { CompiledListener, Refusal } from '../decide/mod.ts'
import { getHeader } from '../wire/mod.ts'
import type { RequestHead } from '../wire/mod.ts'

const CHALLENGE: string[] = ['WWW-Authenticate', 'Basic realm="Restricted", charset="UTF-8"']

/** Whether the requests of one connection bring a name and password that its listener knows. */
export class Login {
  /** What was found good last: most clients say the same again. */
  #users: CompiledListener['users']
  #good: string | undefined

  /** Why a request is turned away; undefined: it is not. */
  check(
    { users }: CompiledListener,
    head: RequestHead,
  ): Refusal | undefined | Promise<Refusal | undefined> {
    if (users === undefined) return undefined
    const field = getHeader(head.headers, 'authorization')
    if (field === undefined) return turnedAway('CREDENTIAL_MISSING', 'No Authorization was sent')
    if (this.#users === users && this.#good === field) return undefined
    return users.check(field).then((found) => {
      if (found === 'good') {
        this.#users = users
        this.#good = field
        return undefined
      }
      if (found === 'missing') {
        return turnedAway(
          'CREDENTIAL_MISSING',
          'Authorization is not Basic with a name and password',
        )
      }
      return found === 'busy'
        ? refusal('CREDENTIAL_UNCHECKED', 'Too many passwords wait to be checked')
        : turnedAway('CREDENTIAL_UNKNOWN', 'No user of the listener has this name and password')
    })
  }
}

function turnedAway(
  code: 'CREDENTIAL_MISSING' | 'CREDENTIAL_UNKNOWN',
  detail: string,
): Refusal {
  return { ...refusal(code, detail), headers: CHALLENGE }
}
