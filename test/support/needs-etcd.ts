/** Imported first by test files that are about a real etcd: without one they end here, saying so. */
import process from 'node:process'
import { missing } from './programs.ts'

const reason = missing('etcd')
if (reason !== false) {
  console.log(`TAP version 14\n1..0 # SKIP ${reason}`)
  process.exit(0)
}
