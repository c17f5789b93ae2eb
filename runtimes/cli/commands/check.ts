import { parseArgs } from 'node:util'
import type { Problem } from '../../../core/mod.ts'
import type { Host } from '../host.ts'
import { loadSnapshot, problemLines } from '../snapshot-source.ts'

/** `sallyport check`: validates a configuration and everything that it names. */
export async function check(host: Host, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      config: { type: 'string', short: 'c', default: 'gateway.yaml' },
      json: { type: 'boolean', default: false },
    },
  })
  const loaded = await loadSnapshot(host, values.config, { secret: new Uint8Array(32) })
  const ok = loaded.snapshot !== undefined
  if (values.json) {
    const problems = loaded.problems.map(problemJson)
    host.print(JSON.stringify({ ok, file: values.config, problems }, undefined, 2) + '\n')
  } else {
    host.complain(problemLines(loaded.problems))
    host.print(ok ? `${values.config}: ok\n` : '')
  }
  return ok ? 0 : 1
}

function problemJson({ severity, path, message, position }: Problem): Record<string, unknown> {
  return { severity, path, message, ...position }
}
