/** Bodies far larger than what may be held, each way, through a gateway in a process of its own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import t from 'tap'
import { head, plainClient } from '../../support/client.ts'
import { Sallyport } from '../../support/sallyport.ts'
import { startUpstream } from '../../support/upstream.ts'

const MIB = 1024 * 1024
const GROWTH = 100
const USUAL = 512
const SIZE = Number(process.env['SALLYPORT_HUGE_MIB'] ?? USUAL) * MIB

t.test('bodies of any size pass through a bounded memory', { timeout: 100_000 }, async (t) => {
  const upstream = await startUpstream(t, {
    raw: (connection) => {
      void connection.until('a head', () => connection.text.includes('\r\n\r\n') || undefined)
        .then(async () => {
          connection.forget = true
          const sent = connection.text.startsWith('PUT') ? SIZE : 0
          await connection.until('the body', () => connection.total > sent || undefined, Infinity)
          const length = sent > 0 ? 0 : SIZE
          connection.send(
            `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`,
          )
          await connection.flood(length)
        })
    },
  })
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-huge-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(
    join(folder, 'gateway.yaml'),
    `listeners: [{ address: 127.0.0.1:0 }]
routes: [{ upstream: { endpoints: [{ address: '${upstream.address}' }] } }]
accessLog: { to: off }\n`,
  )
  const gateway = new Sallyport(t, ['run', '-c', 'gateway.yaml'], { cwd: folder })
  const [, port] = await gateway.said(/Listening.*"127\.0\.0\.1:(\d+)"/)
  const before = memory(gateway.pid, 'VmRSS')
  const up = await plainClient(t, Number(port))
  up.send(head('PUT /', [`Content-Length: ${SIZE}`]))
  await up.flood(SIZE)
  t.equal((await up.message()).status, 200)
  const down = await plainClient(t, Number(port))
  down.forget = true
  down.send(head('GET /'))
  await down.until('the body', () => down.total > SIZE || undefined, Infinity)
  const peak = memory(gateway.pid, 'VmHWM')
  t.comment(`at rest ${(before / MIB).toFixed()} MiB, at most ${(peak / MIB).toFixed()} MiB`)
  t.ok(peak - before < GROWTH * MIB, `it grew by ${((peak - before) / MIB).toFixed()} MiB`)
})

/** What Linux says of a process's memory, in bytes. */
function memory(pid: number, what: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`${what}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024
}
