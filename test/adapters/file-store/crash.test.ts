/**
 * A process that writes is killed at random moments; what it was told is written must be there, whole, and nothing
 * that it never tried. STORE_KILLS sets how often, STORE_SEED when.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import t from 'tap'
import { compiled, PLAIN } from '../../support/compiled.ts'
import { chance } from '../../support/chance.ts'
import { contents } from './folder.ts'

const kills = Number(process.env['STORE_KILLS'] ?? 20)
const seed = Number(process.env['STORE_SEED'] ?? Date.now() % 1_000_000)
const LANES = 4

const random = chance(seed)

/** What one lane was last told is written, and what it last tried; as run and count. */
interface Lane {
  done: string
  tried: string
}

/** Starts a writer, lets it write some, kills it, and learns what it said. */
async function killOne(
  command: readonly string[],
  run: number,
  lanes: Map<string, Lane>,
): Promise<number> {
  const child: ChildProcess = spawn(
    'env',
    [...PLAIN.slice(1), process.execPath, ...command, String(run)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const gone = new Promise((resolve) => child.once('close', resolve))
  let text = ''
  const killAfter = 1 + Math.floor(random() * 120)
  child.stdout?.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk
    // The count of lines decides roughly when, the delay lets it fall anywhere within a write.
    if (text.split('\n').length > killAfter) setTimeout(() => child.kill('SIGKILL'), random() * 8)
  })
  await gone
  let acknowledged = 0
  // A line cut short by the kill says nothing.
  for (const line of text.split('\n').slice(0, -1)) {
    const [word, name = '', ...value] = line.split(' ')
    const lane = lanes.get(name) ?? { done: 'none', tried: 'none' }
    lanes.set(name, lane)
    if (word === 'try') lane.tried = value.join(' ')
    else {
      lane.done = value.join(' ')
      acknowledged++
    }
  }
  return acknowledged
}

t.setTimeout(1_200_000)
t.test(`every acknowledged write and no other outlives ${kills} kills (seed ${seed})`, {
  timeout: 1_200_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'store-crash-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const script = compiled(t, 'test/adapters/file-store/writer.ts')
  const lanes = new Map<string, Lane>()
  let acknowledged = 0
  for (let run = 0; run < kills; run++) {
    acknowledged += await killOne([script, folder], run, lanes)
    const found = await contents(t, folder)
    for (let at = 0; at < LANES; at++) {
      const lane = lanes.get(String(at)) ?? { done: 'none', tried: 'none' }
      const [left, right] = [found[`/pair/${at}/left`], found[`/pair/${at}/right`]]
      if (JSON.stringify(left) !== JSON.stringify(right)) t.fail(`run ${run}: half of a pair`)
      const value = left as { run: number; count: number } | undefined
      const seen = value === undefined ? 'none' : `${value.run} ${value.count}`
      if (seen !== lane.done && seen !== lane.tried) {
        t.fail(`run ${run}, lane ${at}: found ${seen}, done ${lane.done}, tried ${lane.tried}`)
      }
      lane.done = seen
      lane.tried = seen
    }
  }
  t.ok(acknowledged > kills, `${acknowledged} writes were acknowledged`)
})
