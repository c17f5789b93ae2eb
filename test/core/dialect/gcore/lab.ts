import type { Test } from 'tap'
import type { DialectApi, DialectContext, InForce } from '../../../../core/dialect/mod.ts'
import { createApi, secretsOf } from '../../../../core/dialect/gcore/mod.ts'
import { isStoreFailure, MemoryStore, type Store } from '../../../../core/store/mod.ts'
import { hostClock, hostEntropy } from '../../../../adapters/host/mod.ts'
import { GcoreClient } from './client.ts'

export const LIMITS = { pkcs12Iterations: 1_000_000, pkcs12Size: 1_048_576, crlSize: 67_108_864 }

/** What a lab may be told to do otherwise. */
export interface LabOptions {
  readonly store?: Store
  /** `still`: nobody is ever called later. */
  readonly clock?: 'still'
  readonly credential?: DialectContext['credential']
  readonly inForce?: (revision: number) => Promise<InForce>
  readonly key?: string | undefined
  readonly addresses?: readonly string[]
  readonly running?: DialectContext['running']
}

/** The API over a store in memory, with a gateway that takes everything. */
export interface Lab {
  readonly api: DialectApi
  readonly client: GcoreClient
  readonly store: Store
  /** Log lines, as JSON. */
  readonly log: string[]
}

export const CALLER = { address: '127.0.0.1', secure: false, certificate: undefined }

/** Makes the API. */
export function openLab(t: Test, options: LabOptions = {}): Lab {
  const store = options.store ?? new MemoryStore({ clock: hostClock })
  t.teardown(() => store.close())
  const log: string[] = []
  const context: DialectContext = {
    store,
    clock: options.clock === 'still' ? { ...hostClock, after: () => () => {} } : hostClock,
    entropy: hostEntropy,
    log: {
      write: (level, message, fields) =>
        void log.push(JSON.stringify({ level, message, ...fields })),
    },
    inForce: options.inForce ?? (() => Promise.resolve({ ok: true })),
    running: options.running ?? { addresses: () => new Map(), endpoints: () => [] },
    credential: options.credential ?? ((_name, make) => Promise.resolve(make())),
    version: '1.2.3',
  }
  const api = createApi(context, {
    key: 'key' in options ? options.key : '1$secret',
    addresses: options.addresses ?? ['127.0.0.1'],
    limits: LIMITS,
  })
  return { api, client: new GcoreClient((request) => api(request, CALLER)), store, log }
}

/** All documents of a store as JSON text, without what would be sealed. */
export async function documentsOf(store: Store): Promise<Map<string, unknown>> {
  const page = await store.list('/')
  if (isStoreFailure(page)) throw new Error(page.message)
  return new Map(page.documents.map(({ key, value }) => [key, value]))
}

export { secretsOf }

/** A load balancer with a listener, a pool and a member. */
export const BALANCER = {
  name: 'web-lb',
  listeners: [{
    name: 'web-listener',
    protocol: 'HTTP',
    protocol_port: 8080,
    pools: [{
      name: 'web-pool',
      protocol: 'HTTP',
      lb_algorithm: 'ROUND_ROBIN',
      members: [{ address: '127.0.0.1', protocol_port: 9000 }],
    }],
  }],
} as const
