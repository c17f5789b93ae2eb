/**
 * Changes so many upstreams as fast as etcd takes it, then tells the last revision.
 */
import process from 'node:process'
import { EtcdStore } from '../../../adapters/etcd-store/mod.ts'
import { hostClock } from '../../../adapters/host/mod.ts'
import { FleetDocuments, must, putAll } from './documents.ts'

const [endpoint, prefix, port, half, count] = process.argv.slice(2)
const clock = hostClock
const store = must(
  EtcdStore.open({ endpoints: [String(endpoint)], prefix: String(prefix), clock }),
)
const documents = new FleetDocuments(Number(half), Number(port))
const changes = Array.from({ length: Number(count) }, (_, at) => documents.upstream(at, 2))
const revision = await putAll(store, changes)
await store.close()
process.send?.(revision, () => process.exit(0))
