import type {
  AuthFilterConfig,
  BasicAuthFilterConfig,
  KeyAuthFilterConfig,
} from '../snapshot/types.ts'
import { asBytes } from '../vars/mod.ts'
import type { Maker } from './making.ts'
import type { Passage } from './passage.ts'
import { refuse } from './stops.ts'
import type { FilterRefusalCode, Stop } from './types.ts'

/** Why nobody was found. */
interface Nobody {
  readonly code: FilterRefusalCode
  readonly message: string
}

/** Who was found. */
interface Somebody {
  /** The application's name. */
  readonly name: string
  /** The name of the credential that told it; undefined: it has none. */
  readonly credential?: string | undefined
}

/** Takes a found application for the request's consumer, or says why there is none. */
function settle(
  passage: Passage,
  found: Somebody | Nobody,
  config: AuthFilterConfig & { readonly challenge?: string },
): Stop | undefined {
  const name = 'code' in found ? config.anonymous : found.name
  const consumer = name === undefined ? undefined : passage.means.consumers.get(name)
  if (consumer !== undefined) {
    const { variables } = consumer.config
    attach(passage, consumer.name.slice(config.namePrefix.length), {
      credential: 'code' in found ? undefined : found.credential,
      custom: variables?.['consumer_custom_id'],
    })
    passage.consumer = consumer
    for (const [key, value] of Object.entries(variables ?? {})) {
      passage.facts.named.set(key, value)
    }
    return undefined
  }
  const { code, message } = 'code' in found
    ? found
    : { code: 'CREDENTIAL_UNKNOWN' as const, message: 'Invalid user authorization' }
  const headers = config.challenge === undefined ? [] : ['WWW-Authenticate', config.challenge]
  return refuse(code, [401, message], { message, headers })
}

/** Tells the rest of the way, and the upstream, who calls. */
function attach(
  passage: Passage,
  consumer: string,
  { credential, custom }: {
    readonly credential?: string | undefined
    readonly custom?: string | undefined
  } = {},
): void {
  passage.facts.named.set('consumer_name', consumer)
  passage.setHeader('X-Consumer-Username', consumer)
  passage.setHeader('X-Credential-Identifier', credential)
  passage.setHeader('X-Consumer-Custom-ID', custom)
}

/** `key-auth`: who calls, by an API key. */
export const makeKeyAuth: Maker<KeyAuthFilterConfig> = (config) => {
  const { realm, bearer, header: name } = config
  const challenge = realm === undefined
    ? undefined
    : `${bearer === true ? 'Bearer' : 'apikey'} realm="${realm.replace(/["\\]/g, '\\$&')}"`
  const asked = challenge === undefined ? config : { ...config, challenge }
  return {
    onRequest: (passage) => {
      const { facts } = passage
      const header = facts.header(name)
      const found = findKey(passage, config, header ?? facts.argument(config.query))
      if ('code' in found) return settle(passage, found, asked)
      if (config.hide) {
        if (header !== undefined) passage.setHeader(name, undefined)
        else hideArgument(passage, config.query)
      }
      return settle(passage, found, asked)
    },
  }
}

function findKey(
  { facts, means, now }: Passage,
  { header, bearer, namePrefix }: KeyAuthFilterConfig,
  given: string | undefined,
): Somebody | Nobody {
  if (given === undefined || given === '') {
    return { code: 'CREDENTIAL_MISSING', message: 'Missing API key in request' }
  }
  const isToken = bearer === true && facts.header(header) !== undefined
  if (isToken && !given.startsWith(BEARER)) {
    return { code: 'CREDENTIAL_UNKNOWN', message: 'Invalid Bearer token format' }
  }
  const found = means.consumers.byApiKey(isToken ? given.slice(BEARER.length) : given)
  const counts = found !== undefined && found.application.name.startsWith(namePrefix) &&
    (found.from === undefined || found.from <= now) &&
    (found.until === undefined || now < found.until)
  if (!counts) return { code: 'CREDENTIAL_UNKNOWN', message: 'Invalid API key in request' }
  return { name: found.application.name, credential: found.id }
}

const BEARER = 'Bearer '

/** Takes an argument out of the query; the others stay as they were written. */
function hideArgument(passage: Passage, name: string): void {
  const { path, query } = passage.facts.head
  const kept = query.slice(1).split('&').filter((part) => {
    const [written = ''] = part.split('=', 1)
    return written !== name && decodeURIComponentSafe(written) !== name
  })
  passage.setTarget(path, kept.length === 0 ? '' : `?${kept.join('&')}`)
}

function decodeURIComponentSafe(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

/** `basic-auth`: who calls, by name and password (RFC 7617). */
export const makeBasicAuth: Maker<BasicAuthFilterConfig> = (config) => {
  const users = new Map(
    config.users.map(({ user, password }) => [asBytes(user), asBytes(password)]),
  )
  const challenge = `Basic realm="${config.realm.replace(/["\\]/g, '\\$&')}"`
  return {
    onRequest: (passage) => {
      const found = findUser(passage, users)
      if ('user' in found) {
        if (config.hide) passage.setHeader('Authorization', undefined)
        attach(passage, found.user)
        return undefined
      }
      const stop = settle(passage, found, { ...config, challenge })
      if (stop === undefined && config.hide) passage.setHeader('Authorization', undefined)
      return stop
    },
  }
}

function findUser(
  { facts, means }: Passage,
  users: ReadonlyMap<string, string>,
): { readonly user: string } | Somebody | Nobody {
  const header = facts.header('authorization')
  if (header === undefined) {
    return { code: 'CREDENTIAL_MISSING', message: 'Missing authorization in request' }
  }
  const login = readBasic(header)
  if (login === undefined) {
    return { code: 'CREDENTIAL_UNKNOWN', message: 'Invalid authorization in request' }
  }
  const [user, password] = login
  const own = users.get(user)
  if (own !== undefined && same(own, password)) return { user }
  const application = means.consumers.byLogin(user)
  const logins = application && means.consumers.get(application.name)?.config.logins
  const known = logins?.find((each) =>
    asBytes(each.user) === user && same(asBytes(each.password), password)
  )
  if (application !== undefined && known !== undefined) {
    return { name: application.name, credential: known.id }
  }
  return { code: 'CREDENTIAL_UNKNOWN', message: 'Invalid user authorization' }
}

function readBasic(header: string): readonly [string, string] | undefined {
  const [, encoded] = /^basic\s+([\w+/=-]+)\s*$/i.exec(header) ?? []
  if (encoded === undefined) return undefined
  try {
    const text = atob(encoded)
    const colon = text.indexOf(':')
    return colon < 0 ? undefined : [text.slice(0, colon), text.slice(colon + 1)]
  } catch {
    return undefined
  }
}

/** Takes as long whatever is wrong, so that nobody learns how much of a password is right. */
function same(expected: string, given: string): boolean {
  let difference = expected.length ^ given.length
  for (let i = 0; i < given.length; i++) {
    difference |= given.charCodeAt(i) ^ expected.charCodeAt(i % Math.max(1, expected.length))
  }
  return difference === 0
}
