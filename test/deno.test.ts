/** Runs every other test file under Deno: each child's TAP nests in this report, and its failure fails here. */
import { readdirSync } from 'node:fs'
import { cpus } from 'node:os'
import process from 'node:process'
import t from 'tap'

const own = 'test/deno.test.ts'
const files = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .map((name) => `test/${name.replaceAll('\\', '/')}`)
  .filter((name) => name.endsWith('.test.ts') && name !== own)
  .sort()

// .taprc's limit is for one file; this one holds them all, and each child has a limit of its own.
t.setTimeout(0)
t.jobs = cpus().length
for (const file of files) {
  const args = ['run', '-A', '--quiet', '--preload', './test/support/deno.ts', file]
  void t.spawn('node_modules/.bin/deno', args, {
    name: `deno ${file}`,
    timeout: 300_000,
    env: process.env,
  })
}
