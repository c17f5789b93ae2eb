import { get, listBalancers, listPools, listSecrets } from '../balancer.ts'
import { bodyOf, type Call, type Endpoint, page, type Service } from '../call.ts'
import { asJson } from '../balancer.ts'
import { examine } from '../contents.ts'
import type { SecretDoc } from '../documents.ts'
import { invalid, notFound } from '../faults.ts'
import { isUuid, newId } from '../ids.ts'
import { secretKey } from '../keys.ts'
import { listenerReferences, poolReferences } from '../plan/checks.ts'
import { encodedSecretBody, pemSecretBody } from '../schemas/secret.ts'
import { showSecret } from '../show.ts'

const COLLECTION = '/secrets/{project_id}/{region_id}'

/** The longest payload, in bytes once decoded. */
const LARGEST = 1_048_576

type Draft = Omit<SecretDoc, 'created' | 'id' | 'names' | 'uses'>

/** Secrets. What they hold is never given back. */
export const SECRETS: readonly Endpoint[] = [
  {
    method: 'post',
    path: `/v1${COLLECTION}`,
    summary: 'Create a secret from base64',
    body: encodedSecretBody,
    answer: 'tasks',
    handle: (service, call) => create(service, call, encodedDraft(call)),
  },
  {
    method: 'post',
    path: `/v2${COLLECTION}`,
    summary: 'Create a secret from PKCS12 or PEM in base64, or from three PEM texts',
    body: pemSecretBody,
    answer: 'tasks',
    handle: (service, call) =>
      create(service, call, isEncoded(call.json) ? encodedDraft(call) : pemDraft(call)),
  },
  {
    method: 'get',
    path: `/v1${COLLECTION}`,
    summary: 'List secrets',
    query: ['limit', 'offset'],
    answer: 'list',
    handle: async ({ context }, call) => {
      const all = await listSecrets(context.store, call.place)
      return page(call, byAge(all), (each) => showSecret(each, call.place))
    },
  },
  {
    method: 'get',
    path: `/v1${COLLECTION}/{secret_id}`,
    summary: 'Get a secret',
    answer: 'item',
    handle: async (service, call) => showSecret(await secretOf(service, call), call.place),
  },
  {
    method: 'delete',
    path: `/v1${COLLECTION}/{secret_id}`,
    summary: 'Delete a secret that nothing uses',
    answer: 'tasks',
    handle: remove,
  },
]

function isEncoded(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'payload' in json &&
    typeof json.payload === 'string'
}

function encodedDraft(call: Call): Draft {
  const body = bodyOf(call, encodedSecretBody)
  return { ...body, payload: decoded(body.payload) }
}

/** Base64 without the line ends that tools put in. @throws ApiFault 400 */
function decoded(text: string): string {
  const compact = text.replace(/\s+/g, '')
  if (/^-----BEGIN/.test(text.trim())) {
    const reason = 'Value should be base64: encode the file, and leave out lines with dashes ' +
      'that the encoder puts around it'
    throw invalid({ payload: [reason] })
  }
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(compact) || compact.replace(/=+$/, '').length % 4 === 1) {
    throw invalid({ payload: ['Value should be base64'] })
  }
  const bare = compact.replace(/=+$/, '')
  if (bare.length * 3 / 4 > LARGEST) {
    throw invalid({ payload: [`Value should have at most ${LARGEST} bytes`] })
  }
  return bare + '='.repeat((4 - bare.length % 4) % 4)
}

function pemDraft(call: Call): Draft {
  const { name, expiration, payload } = bodyOf(call, pemSecretBody)
  const { certificate, certificate_chain, private_key } = payload
  const text = [certificate, certificate_chain, private_key].map((part) => part.trim()).join('\n')
  return {
    name,
    secret_type: 'certificate',
    payload: base64Of(text),
    payload_content_type: 'application/octet-stream',
    expiration,
    algorithm: null,
    bit_length: null,
    mode: null,
  }
}

function base64Of(text: string): string {
  let bytes = ''
  for (const byte of new TextEncoder().encode(`${text}\n`)) bytes += String.fromCharCode(byte)
  return btoa(bytes)
}

async function create(
  { context, engine, limits }: Service,
  { place, requestId }: Call,
  draft: Draft,
): Promise<unknown> {
  const found = await examine(draft.payload, limits)
  const id = newId(context.entropy)
  const secret: SecretDoc = {
    id,
    ...draft,
    created: context.clock.now(),
    uses: found.uses,
    names: found.names,
  }
  return await engine.changeSecrets(
    { type: 'create_secret', place, requestId },
    () =>
      Promise.resolve({
        operations: [{ put: secretKey(place, id), value: asJson(secret) }],
        created: [id],
        ...(draft.secret_type === 'certificate' && found.fault !== undefined
          ? { fault: found.fault }
          : {}),
      }),
  )
}

async function remove(service: Service, call: Call): Promise<unknown> {
  const { context, engine } = service
  const { place, requestId } = call
  return await engine.changeSecrets({ type: 'delete_secret', place, requestId }, async () => {
    const { id } = await secretOf(service, call)
    const user = await userOf(service, call, id)
    if (user !== undefined) {
      throw invalid({ secret_id: [`Secret ${id} is in use by ${user} and cannot be deleted`] })
    }
    void context
    return { operations: [{ delete: secretKey(place, id) }] }
  })
}

async function secretOf({ context }: Service, { param, place }: Call): Promise<SecretDoc> {
  const id = param('secret_id')
  const found = isUuid(id)
    ? await get(context.store, secretKey(place, id.toLowerCase()))
    : undefined
  if (found === undefined) throw notFound('Secret', id)
  return found.value as unknown as SecretDoc
}

/** What uses a secret, in words. */
async function userOf(
  { context }: Service,
  { place }: Call,
  id: string,
): Promise<string | undefined> {
  for (const lb of await listBalancers(context.store, place)) {
    const listener = lb.listeners.find((each) => listenerReferences(each).some((r) => r.id === id))
    if (listener !== undefined) return `listener ${listener.id}`
  }
  for (const pool of await listPools(context.store, place)) {
    if (poolReferences(pool).some((each) => each.id === id)) return `pool ${pool.id}`
  }
  return undefined
}

function byAge(all: readonly SecretDoc[]): SecretDoc[] {
  return [...all].sort((a, b) => b.created - a.created || (a.id < b.id ? -1 : 1))
}
