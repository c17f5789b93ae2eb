import { readdirSync } from 'node:fs'
import t from 'tap'
import { stringify } from 'yaml'
import {
  type Configuration,
  formatProblem,
  readConfiguration,
  readConfigurationObject,
  writeConfiguration,
} from '../../../core/snapshot/mod.ts'
import { fixture, MemoryFiles, read } from './means.ts'

const HASH = '$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEl8'

const NAMES = [
  ...['ca/a.crt', 'ca/b.crt', 'ca/a.crl', 'clients-ca.crt', 'clients.crl', 'backends-ca.crt'],
  ...['backends.crl', 'server.crt', 'server.key', 'gw.crt', 'gw.key', 'acme.crt', 'ec.crt'],
  ...['ec.key', 'ca.crt', 'acme-2026.crt', 'acme-2027.crt'],
]

const CONTENT: Readonly<Record<string, string>> = {
  ...Object.fromEntries(NAMES.map((name) => [`/etc/${name}`, name])),
  '/etc/secrets/passphrase': 'open sesame\r\n',
  '/etc/secrets/key': 'key-of-acme\n',
  '/etc/secrets/hash': `${HASH}\n`,
  '/etc/admin.key': 'key-of-admin',
}

const VARIABLES = {
  P12: btoa('a PKCS#12 file'),
  P12_PASS: 'open sesame\n',
  PASSWORD: 'secret',
  GV_PASS: 'word',
}

/** A configuration without where its content came from: that differs. */
function bare(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value]
  if (value instanceof Map) return [...value].map(bare)
  if (Array.isArray(value)) return value.map(bare)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([key, each]) =>
    each !== undefined && !(key === 'from' && 'data' in value)
  )
  return Object.fromEntries(entries.map(([key, each]) => [key, bare(each)]))
}

const FOLDER = new URL('../../../fixtures/config/good/', import.meta.url)
const good = readdirSync(FOLDER).map((file) => file.replace('.yaml', ''))

for (const name of good) {
  t.test(`what is written of ${name}.yaml is read as the same`, async (t) => {
    const first = await read(fixture(`good/${name}`), CONTENT, VARIABLES)
    t.strictSame(
      first.problems.filter(({ severity }) => severity === 'error').map(formatProblem),
      [],
    )
    const configuration = first.configuration as Configuration
    const document = writeConfiguration(configuration)
    const means = { file: '/etc/gateway.yaml', files: new MemoryFiles({}), env: () => undefined }
    const second = await readConfigurationObject(JSON.parse(JSON.stringify(document)), means)
    t.strictSame(
      second.problems.map(({ message }) => message),
      first.problems.map(({ message }) => message),
    )
    t.strictSame(bare(second.configuration), bare(configuration))
    const third = await readConfiguration({ ...means, text: stringify(document) })
    t.strictSame(bare(third.configuration), bare(configuration), 'as YAML, too')
  })
}

t.test('what holds anyway is not written', async (t) => {
  const { configuration } = await read(fixture('good/small'))
  t.strictSame(writeConfiguration(configuration as Configuration), {
    listeners: [{ address: '127.0.0.1:9080' }],
    upstreams: { 'route-1': { endpoints: [{ address: '127.0.0.1:8080' }] } },
    routes: [{ name: 'route-1', match: { paths: ['/*'] }, upstream: 'route-1' }],
    store: { folder: '/etc/data' },
  })
})
