import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { formatProblem } from '../../../core/snapshot/mod.ts'
import { fixture, read } from './means.ts'

const FOLDER = new URL('../../../fixtures/config/bad/', import.meta.url)

const content = {
  '/etc/a.crt': 'a certificate',
  '/etc/a.key': 'a key',
  '/etc/a.crl': 'a CRL',
  '/etc/a.p12': 'a PKCS#12 file',
  '/etc/ca.crt': 'a CA',
  '/etc/empty': '',
  '/etc/binary': Uint8Array.of(0xff, 0xfe),
}

const variables = { KEY: 'same-key', EMPTY: '' }

/** Each file says in `<name>.expected.json` what is wrong with it: every problem, line and column. */
for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'))) {
  const name = file.replace('.yaml', '')
  t.test(`readConfiguration tells all that is wrong with ${file}`, async (t) => {
    const expected = JSON.parse(readFileSync(new URL(`${name}.expected.json`, FOLDER), 'utf8'))
    const result = await read(fixture(`bad/${name}`), content, variables)
    t.strictSame(result.problems.map(formatProblem), expected)
    const failed = result.problems.some((problem) => problem.severity === 'error')
    t.equal(result.configuration === undefined, failed)
    t.equal(result.watched[0], '/etc/gateway.yaml')
  })
}
