import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type { Test } from 'tap'
import { main } from '../../runtimes/cli/mod.ts'
import type { Host } from '../../runtimes/cli/mod.ts'
import { processHost } from '../../runtimes/cli/process-host.ts'

/** How a command ended, and what it said. */
export interface Ended {
  /** Undefined: it serves on. */
  readonly code: number | undefined
  readonly out: string
  readonly err: string
}

/** A host of this process whose words are kept. */
export interface TestHost extends Host {
  readonly said: { out: string; err: string }
}

/** This process's own host with arguments of one's own. `parts` replace what is of the platform. */
export function testHost(args: readonly string[], parts: Partial<Host> = {}): TestHost {
  const said = { out: '', err: '' }
  const runtime = process.versions['deno'] === undefined ? 'node' : 'deno'
  return {
    ...processHost({ runtime, args, program: 'sallyport' }),
    print: (text) => void (said.out += text),
    complain: (text) => void (said.err += text),
    ...parts,
    said,
  }
}

/** Runs a command within this process. */
export async function command(
  args: readonly string[],
  parts: Partial<Host> = {},
): Promise<Ended> {
  const host = testHost(args, parts)
  const code = await main(host)
  return { code, ...host.said }
}

/** A folder that goes with the test. */
export function testFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
