/** What must fit into the transactions of a store, whatever there is of it. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { Pki } from '../../../support/pki.ts'
import { application, gravitee, planBody, startedApi, V1, V2 } from './scene.ts'

const pki = new Pki(t)
const pem = readFileSync((await pki.issue('one', { use: 'clientAuth' })).certFile, 'utf8')
const der = Uint8Array.from(
  atob(pem.replace(/-----[A-Z ]+-----|\s/g, '')),
  (each) => each.charCodeAt(0),
)

/** A certificate like no other: its signature, which nobody looks at here, has other last bytes. */
function certificate(number: number): string {
  const copy = der.slice()
  copy[copy.length - 1] = number & 0xff
  copy[copy.length - 2] = number >> 8
  return `-----BEGIN CERTIFICATE-----\n${
    btoa(String.fromCharCode(...copy))
  }\n-----END CERTIFICATE-----\n`
}

t.test('a plan with many subscriptions closes, and an application with many certificates is archived', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { api, plan } = await startedApi(
    scene,
    '/many',
    planBody('API_KEY', { validation: 'AUTO' }),
  )
  for (let number = 0; number < 70; number++) {
    const id = await application(scene, `app ${number}`)
    await ask('POST', `${V1}/applications/${id}/subscriptions?plan=${plan}`, {})
  }
  t.equal(
    (await ask('GET', `${V2}/apis/${api}/subscriptions?perPage=1`)).body.pagination.totalCount,
    70,
  )
  t.equal((await ask('POST', `${V2}/apis/${api}/plans/${plan}/_close`)).status, 200)
  t.equal(
    (await ask('GET', `${V2}/apis/${api}/subscriptions?statuses=CLOSED&perPage=1`)).body.pagination
      .totalCount,
    70,
  )
  const made = await ask('POST', `${V1}/applications`, {
    name: 'rich',
    description: 'x',
    settings: {
      tls: {
        client_certificates: Array.from(
          { length: 40 },
          (_, at) => ({ name: `c${at}`, certificate: certificate(at) }),
        ),
      },
    },
  })
  t.equal(made.status, 201)
  const at = `${V1}/applications/${made.body.id}`
  t.match(await ask('POST', `${at}/certificates`, { name: 'more', certificate: certificate(99) }), {
    status: 400,
  })
  t.equal((await ask('DELETE', at)).status, 204)
  t.ok(await application(scene, 'heir', certificate(39)), 'all of them are free')
  t.equal((await ask('POST', `${at}/_restore`)).status, 200)
  const { data } = (await ask('GET', `${at}/certificates?size=100`)).body
  t.equal(data.filter(({ status }: { status: string }) => status === 'ACTIVE').length, 39)
})
