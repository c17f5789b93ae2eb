/** The store in etcd does what every store must. */
import '../support/needs-etcd.ts'
import t from 'tap'
import { etcdctl, etcdStore, startEtcd } from '../adapters/etcd-store/etcd-lab.ts'
import { storeCases } from './store-cases.ts'

const [member] = await startEtcd(t)
const endpoint = member?.endpoint ?? ''
let cases = 0

await storeCases(t, {
  open: (t) => Promise.resolve(etcdStore(t, [endpoint], { prefix: `/case-${++cases}` })),
  forget(_store, revision) {
    etcdctl(endpoint, 'compaction', String(revision))
    return Promise.resolve()
  },
})
