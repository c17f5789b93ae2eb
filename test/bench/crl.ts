/**
 * What a long CRL costs: time to read it, the longest time that others waited meanwhile, how much the process grew
 * (while it was read, while its signature was checked, in the end), and a look-up. On Node and on Deno; each form in a process of its own:
 *
 *   node --import=tsx test/bench/crl.ts [entries]
 *   node_modules/.bin/deno run -A test/bench/crl.ts [entries]
 */
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, sign } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { derBits, derElement, derOid, derSequence } from '../../core/pki/der-write.ts'
import { type SignatureAlgorithm, signatureAlgorithm } from '../../core/pki/algorithms.ts'
import { contentOf, type CrlContent } from '../../core/pki/crl.ts'
import { readWhole } from '../../core/pki/der.ts'
import { type Crl, isPkiProblem, joinCrls, readCrls } from '../../core/pki/mod.ts'
import { readPublicKey } from '../../core/pki/public-key.ts'
import { verifySignature } from '../../core/pki/signature.ts'

const SERIAL_SIZE = 20
const entry = derSequence(
  derElement(2, new Uint8Array(SERIAL_SIZE).fill(1)),
  derElement(23, new TextEncoder().encode('250101000000Z')),
  derSequence(derSequence(derOid('2.5.29.21'), derElement(4, Uint8Array.of(10, 1, 1)))),
)

/** Entries with random serial numbers of 20 bytes and a reason each: as long as they get. */
function entries(count: number): Uint8Array {
  const all = new Uint8Array(count * entry.length)
  for (let i = 0; i < count; i++) {
    all.set(entry, i * entry.length)
    crypto.getRandomValues(all.subarray(i * entry.length + 4, i * entry.length + 4 + SERIAL_SIZE))
    all[i * entry.length + 4] = 1 + ((all[i * entry.length + 4] as number) & 0x3f)
  }
  return all
}

function make(folder: string, count: number): void {
  const algorithm = derSequence(derOid('1.2.840.10045.4.3.2'))
  const time = (text: string) => derElement(23, new TextEncoder().encode(text))
  const name = derSequence(
    derElement(49, derSequence(derOid('2.5.4.3'), derElement(12, new Uint8Array([97])))),
  )
  const tbs = derSequence(
    derElement(2, Uint8Array.of(1)),
    algorithm,
    name,
    time('250101000000Z'),
    time('491231000000Z'),
    derElement(48, entries(count)),
  )
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const der = derSequence(tbs, algorithm, derBits(new Uint8Array(sign('sha256', tbs, privateKey))))
  writeFileSync(join(folder, 'list.der'), der)
  writeFileSync(join(folder, 'issuer.spki'), publicKey.export({ type: 'spki', format: 'der' }))
  execFileSync('openssl', ['crl', '-inform', 'DER', '-in', 'list.der', '-out', 'list.pem'], {
    cwd: folder,
  })
}

async function measure(file: string): Promise<void> {
  const { HostFiles } = await import('../../adapters/host/files.ts')
  const gc = (globalThis as { gc?: () => void }).gc
  gc?.()
  const before = process.memoryUsage().rss
  let [most, longest, last] = [before, 0, performance.now()]
  let spent = process.cpuUsage()
  const timer = setInterval(() => {
    const now = performance.now()
    const { user, system } = process.cpuUsage(spent)
    // Of a wait longer than the process worked, the machine had other things to do.
    longest = Math.max(longest, Math.min(now - last, (user + system) / 1000))
    last = now
    spent = process.cpuUsage()
    most = Math.max(most, process.memoryUsage().rss)
  }, 1)
  await new Promise((done) => setTimeout(done, 100))
  longest = 0
  const start = performance.now()
  const files = new HostFiles()
  const data = await joinCrls(await files.open(file)) ?? await files.read(file)
  const crls = await readCrls(data)
  const took = performance.now() - start
  await new Promise((done) => setTimeout(done, 50))
  if (isPkiProblem(crls)) throw new Error(crls.message)
  const [grown, waited] = [most - before, longest]
  const { tbs: content, signature, table, algorithm } = contentOf(crls[0] as Crl) as CrlContent
  const spki = new Uint8Array(readFileSync(join(dirname(file), 'issuer.spki')))
  const kind = signatureAlgorithm(algorithm) as SignatureAlgorithm
  const key = readPublicKey(readWhole(spki))
  if (!await verifySignature(key, { content, signature, algorithm: kind })) {
    throw new Error('forged')
  }
  await new Promise((done) => setTimeout(done, 50))
  clearInterval(timer)
  await new Promise((done) => setTimeout(done, 1500))
  const after = process.memoryUsage().rss
  const wanted = crypto.getRandomValues(new Uint8Array(SERIAL_SIZE))
  const asked = performance.now()
  for (let i = 0; i < 1_000_000; i++) {
    wanted[i % SERIAL_SIZE] = i & 0x7f
    table.find(wanted)
  }
  const lookUp = (performance.now() - asked) / 1000
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`
  console.log(
    `${file.slice(-3)}: ${crls[0]?.entryCount} entries of ${mb(statSync(file).size)} in ${
      took.toFixed(0)
    } ms; others waited ${waited.toFixed(0)} ms at most; grew by ${mb(grown)} at most, by ${
      mb(most - before)
    } when its signature was checked, ${mb(after - before)} in the end; a look-up ${
      lookUp.toFixed(2)
    } µs`,
  )
}

const [argument = '1000000', folder] = process.argv.slice(2)
if (existsSync(argument)) await measure(argument)
else {
  const made = folder ?? mkdtempSync(join(tmpdir(), 'crl-'))
  if (folder === undefined || !existsSync(join(made, 'list.pem'))) make(made, Number(argument))
  const self = fileURLToPath(import.meta.url)
  const deno = 'Deno' in globalThis
  const launch = deno ? ['run', '-A', self] : ['--import=tsx', self]
  for (const form of ['der', 'pem']) {
    console.log(
      execFileSync(process.execPath, [...launch, join(made, `list.${form}`)], { encoding: 'utf8' })
        .trim(),
    )
  }
  if (folder === undefined) rmSync(made, { recursive: true })
}
