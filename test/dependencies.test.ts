/** What is installed to run must be JavaScript: no WebAssembly, no native code, nothing run at installation. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

interface LockedPackage {
  readonly dev?: boolean
  readonly optional?: boolean
  readonly hasInstallScript?: boolean
}

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, LockedPackage>
}
const runtime = Object.entries(lock.packages).filter(([path, { dev }]) =>
  path !== '' && dev !== true
)

t.test('run-time dependencies hold no WebAssembly and no native code', (t) => {
  t.ok(runtime.length > 5, `looks at ${runtime.length} packages`)
  for (const [path] of runtime) {
    const files = readdirSync(path, { recursive: true, encoding: 'utf8' })
    for (const file of files) {
      if (/\.(wasm|node|so|dylib|dll|gyp)$/.test(file)) t.fail(join(path, file))
    }
  }
  t.end()
})

t.test('run-time dependencies run nothing at installation', (t) => {
  for (const [path, { hasInstallScript }] of runtime) {
    if (hasInstallScript === true) t.fail(`${path} has an install script`)
    const { scripts = {} } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as {
      scripts?: Record<string, string>
    }
    for (const name of ['preinstall', 'install', 'postinstall']) {
      if (scripts[name] !== undefined) t.fail(`${path} has ${name}: ${scripts[name]}`)
    }
  }
  t.pass('looked at all')
  t.end()
})
