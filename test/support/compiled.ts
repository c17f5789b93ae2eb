/** Scripts that tests start as processes of their own. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Test } from 'tap'

/** Starts a program without what tap has every child of its own load. */
export const PLAIN: readonly [string, ...string[]] = ['env', '-u', 'NODE_OPTIONS']

/** The path of a script, such as `test/x.ts`, as JavaScript, which a process starts with in an instant. */
export function compiled(t: Test, script: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'compiled-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const config = {
    extends: resolve('tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      outDir: folder,
      rootDir: resolve('.'),
      typeRoots: [resolve('node_modules/@types')],
    },
    files: [resolve(script)],
    include: [],
  }
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}')
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const [program, ...args] = [...PLAIN, 'node_modules/.bin/tsc', '-p', folder] as const
  execFileSync(program, args, { stdio: 'inherit' })
  return join(folder, script.replace(/\.ts$/, '.js'))
}
