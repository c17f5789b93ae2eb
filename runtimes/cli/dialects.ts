import type { Dialect, DialectContext } from '../../core/dialect/mod.ts'
import type { Caller } from '../../core/dialect/mod.ts'
import { type Configuration, DEFAULT_DIALECTS, type DialectsConfig } from '../../core/mod.ts'
import type { LocalHandler, Peer } from '../../core/mod.ts'
import type { Path, SecretsOf } from '../../core/store/mod.ts'

type Name = keyof DialectsConfig

/** What each dialect's room gives. */
interface DialectRoom<N extends Name> {
  readonly createDialect: (
    options: NonNullable<DialectsConfig[N]>,
    context: DialectContext,
  ) => Dialect
  /** Which places of its documents are secret. */
  readonly secretsOf: SecretsOf
}

type Rooms = { readonly [N in Name]?: () => Promise<DialectRoom<N>> }

/** Loaded where they are wanted: a gateway without them need not wait for their schemas. */
const ROOMS: Rooms = {
  apisix: () => import('../../core/dialect/apisix/mod.ts'),
  gravitee: () => import('../../core/dialect/gravitee/mod.ts'),
  gcore: () => import('../../core/dialect/gcore/mod.ts'),
}

/** Where the gateway keeps secrets of its own. */
export const CREDENTIALS = '/sallyport/credentials/'

/** The dialects that are on. */
export function dialectsOf({ admin, store }: Configuration): Partial<DialectsConfig> {
  if (admin !== undefined) return admin.dialects
  // Who has traffic alone learns from the store what to do with it.
  return store.etcd === undefined ? {} : DEFAULT_DIALECTS
}

function wanted(configuration: Configuration): Name[] {
  const dialects = dialectsOf(configuration)
  return (Object.keys(ROOMS) as Name[]).filter((name) => dialects[name] !== undefined)
}

/** Whether a gateway with this configuration has a store at all. */
export function wantsStore(configuration: Configuration): boolean {
  return wanted(configuration).length > 0
}

/** Makes the dialects that are on. */
export async function createDialects(
  configuration: Configuration,
  context: DialectContext,
): Promise<Dialect[]> {
  const made: Dialect[] = []
  for (const name of wanted(configuration)) {
    const room = await ROOMS[name]?.() as DialectRoom<Name> | undefined
    const options = dialectsOf(configuration)[name]
    if (room !== undefined && options !== undefined) {
      made.push(room.createDialect(options as never, context))
    }
  }
  return made
}

/** Which places of any document are secret: each dialect's own, and the gateway's. */
export async function secretPlaces(): Promise<SecretsOf> {
  const rooms = await Promise.all(Object.values(ROOMS).map((load) => load()))
  const credential: readonly Path[] = [['secret']]
  return (key, value) =>
    key.startsWith(CREDENTIALS)
      ? credential
      : rooms.flatMap(({ secretsOf }) => [...secretsOf(key, value)])
}

/** A dialect's API as what answers local requests. */
export function dialectHandler({ api }: Dialect): LocalHandler {
  return (request, peer) => api(request, callerOf(peer))
}

/** Who asks, as APIs see it. */
export function callerOf({ address, secure, certificate }: Peer): Caller {
  return { address, secure, certificate: certificate?.fingerprint }
}
