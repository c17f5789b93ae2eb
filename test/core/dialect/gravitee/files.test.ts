import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Pki } from '../../../support/pki.ts'
import { apiBody, gravitee, V2 } from './scene.ts'

const pki = new Pki(t)
const ca = await pki.authority('Backends CA')
const gateway = await pki.issue('gateway', { ca, use: 'clientAuth' })

const folder = pki.path('stores')
mkdirSync(folder)
for (const [name, from] of [['ca.pem', ca.certFile], ['gw.crt', gateway.certFile]] as const) {
  writeFileSync(join(folder, name), readFileSync(from))
}
writeFileSync(join(folder, 'gw.key'), gateway.key)
writeFileSync(pki.path('outside.pem'), readFileSync(ca.certFile))

// deno-lint-ignore no-explicit-any
function body(ssl: any): Record<string, unknown> {
  return apiBody('/files', {
    endpointGroups: [{
      name: 'g',
      type: 'http-proxy',
      sharedConfiguration: { ssl },
      endpoints: [{
        name: 'e',
        type: 'http-proxy',
        inheritConfiguration: true,
        configuration: { target: 'https://backend:8443' },
      }],
    }],
  })
}

const named = {
  trustStore: { type: 'PEM', path: 'ca.pem' },
  keyStore: { type: 'PEM', certPath: join(folder, 'gw.crt'), keyPath: 'gw.key' },
}

t.test('key stores and trust stores in files below the folder', async (t) => {
  const { ask, store, dialect } = gravitee(t, { files: folder })
  const made = await ask('POST', `${V2}/apis`, body(named))
  t.equal(made.status, 201)
  t.match(made.body.endpointGroups[0].sharedConfiguration.ssl, named, 'told as it was written')
  const told = JSON.stringify((await ask('GET', `${V2}/apis/${made.body.id}`)).body)
  t.notMatch(told, /BEGIN/)
  const plan = { definitionVersion: 'V4', name: 'p', security: { type: 'KEY_LESS' } }
  const at = `${V2}/apis/${made.body.id}`
  const { id } = (await ask('POST', `${at}/plans`, plan)).body
  await ask('POST', `${at}/plans/${id}/_publish`)
  t.equal((await ask('POST', `${at}/_start`)).status, 204)
  const [upstream] = [...dialect.translator.parts().upstreams.values()]
  const tls = upstream?.tls
  if (typeof tls !== 'object' || tls.certificate === undefined) return t.fail('no TLS')
  const text = (data: Uint8Array | undefined): string => new TextDecoder().decode(data)
  t.equal(text(tls.trust.ca[0]?.data), readFileSync(ca.certFile, 'utf8'))
  t.match(tls.certificate, { cert: { data: Uint8Array } })
  const audits = JSON.stringify(await store.list('/gravitee/audits/'))
  t.notMatch(audits, /BEGIN/)
})

t.test('a link counts for where it ends', async (t) => {
  mkdirSync(pki.path('elsewhere'))
  writeFileSync(pki.path('elsewhere/ca.pem'), readFileSync(ca.certFile))
  symlinkSync(pki.path('outside.pem'), join(folder, 'out.pem'))
  symlinkSync('../outside.pem', join(folder, 'relative.pem'))
  symlinkSync(pki.path('elsewhere'), join(folder, 'sub'))
  symlinkSync(pki.path('nowhere.pem'), join(folder, 'broken.pem'))
  symlinkSync('ca.pem', join(folder, 'inner.pem'))
  symlinkSync(folder, pki.path('linked'))
  const written = async (path: string, files = folder): Promise<[number, string]> => {
    const ssl = { trustStore: { type: 'PEM', path } }
    const { ask } = gravitee(t, { files })
    const { status, body: told } = await ask('POST', `${V2}/apis`, body(ssl))
    return [status, String(told.message ?? '')]
  }
  for (const path of ['out.pem', 'relative.pem', 'sub/ca.pem', `${folder}/out.pem`]) {
    const [status, message] = await written(path)
    t.equal(status, 400, path)
    t.match(message, /it is not below/)
  }
  t.match((await written('broken.pem'))[1], /there is no such file/)
  t.equal((await written('inner.pem'))[0], 201, 'a link within')
  t.equal((await written('ca.pem', pki.path('linked')))[0], 201, 'the folder may be a link itself')
  t.equal((await written('out.pem', pki.path('linked')))[0], 400)
})

t.test('files that may not be named', async (t) => {
  const { ask } = gravitee(t, { files: folder })
  const refused = async (path: string, message: RegExp): Promise<void> => {
    const { status, body: told } = await ask(
      'POST',
      `${V2}/apis`,
      body({
        trustStore: { type: 'PEM', path },
      }),
    )
    t.equal(status, 400, path)
    t.match(told, { technicalCode: 'api.invalid', message })
  }
  await refused('../outside.pem', /it is not below/)
  await refused(`${folder}/../outside.pem`, /it is not below/)
  await refused(pki.path('outside.pem'), /it is not below/)
  await refused(`${folder}x/ca.pem`, /it is not below/)
  await refused('/etc/passwd', /it is not below/)
  await refused('missing.pem', /there is no such file/)
  const without = gravitee(t)
  t.match(await without.ask('POST', `${V2}/apis`, body(named)), {
    status: 400,
    body: { message: /send it as content, or name their folder/ },
  })
})
