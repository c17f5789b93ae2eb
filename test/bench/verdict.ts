/**
 * How long a verdict on a client's chain (leaf, intermediate, anchor; EC P-256) takes: at first sight, and kept.
 * Beside it, what OpenSSL takes for the two signatures alone, through `node:crypto`. The answers are checked before
 * anything is timed. Run by hand:
 *
 *     node_modules/.bin/deno run -A test/bench/verdict.ts
 *     node --import=tsx test/bench/verdict.ts
 */
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTruststore, judge, readCertificates, VerdictCache } from '../../core/pki/mod.ts'

const ROUNDS = 2000
const folder = mkdtempSync(join(tmpdir(), 'sallyport-verdict-'))

function issue(name: string, ca: string | undefined, extensions: readonly string[]): Uint8Array {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const signed = ca === undefined ? [] : ['-CA', `${ca}.crt`, '-CAkey', `${ca}.key`]
  const args = ['req', '-x509', ...key, '-keyout', `${name}.key`, '-out', `${name}.crt`, ...signed]
  const added = extensions.flatMap((each) => ['-addext', each])
  execFileSync('openssl', [...args, '-subj', `/CN=${name}`, '-days', '30', ...added], {
    cwd: folder,
    stdio: 'ignore',
  })
  return new X509Certificate(readFileSync(join(folder, `${name}.crt`))).raw
}

const authority = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign']
const root = issue('root', undefined, authority)
const through = issue('through', 'root', authority)
const usages = ['basicConstraints=critical,CA:FALSE', 'extendedKeyUsage=clientAuth']
const leaf = issue('leaf', 'through', usages)
rmSync(folder, { recursive: true })

const anchors = await readCertificates(root)
if ('problem' in anchors) throw new Error(anchors.message)
const truststore = await createTruststore({ anchors })
const presentation = { chain: [leaf, through], purpose: 'client', depth: 3 } as const
const now = Date.now()
const cache = new VerdictCache()
for (
  const verdict of [
    await judge(presentation, truststore, now),
    await cache.judge(presentation, truststore, now),
  ]
) if (!verdict.ok) throw new Error(verdict.detail)

async function time(name: string, task: () => unknown): Promise<void> {
  for (let i = 0; i < 200; i++) await task()
  const start = performance.now()
  for (let i = 0; i < ROUNDS; i++) await task()
  const micros = (performance.now() - start) * 1000 / ROUNDS
  console.log(`${name.padEnd(44)} ${micros.toFixed(1).padStart(8)} µs`)
}

await time('verdict at first sight, intermediate known', () => judge(presentation, truststore, now))
await time('verdict that is kept', () => cache.judge(presentation, truststore, now))
await time('OpenSSL: reading three, two signatures', () => {
  const [first, second, third] = [leaf, through, root].map((der) => new X509Certificate(der))
  if (first === undefined || second === undefined || third === undefined) throw new Error('None')
  if (!first.verify(second.publicKey) || !second.verify(third.publicKey)) throw new Error('Refused')
})
