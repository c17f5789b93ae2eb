import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { HttpFetcher } from '../../../adapters/http-fetch/mod.ts'
import { Webhook } from '../../../runtimes/cli/webhook.ts'
import { TestClock } from '../../support/gateway.ts'

t.test('events are signed, and sent again until they are taken', async (t) => {
  const got: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = []
  let wake = (): void => {}
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => body += chunk).on('end', () => {
      got.push({ headers: request.headers, body })
      response.writeHead(got.length === 1 ? 503 : 204).end(() => wake())
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.teardown(() => new Promise((done) => server.close(done)))
  const clock = new TestClock()
  const said: string[] = []
  let warned = (): void => {}
  const log = {
    write: (_: string, message: string) => {
      said.push(message)
      warned()
    },
  }
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/expiry`
  const webhook = new Webhook(
    { fetcher: new HttpFetcher(), clock, log },
    () => ({ url, secret: 's3cret' }),
  )
  t.teardown(() => webhook.close())
  const refused = new Promise<void>((done) => warned = done)
  webhook.send({ event: 'certificate.expiring', daysLeft: 7 })
  await refused
  t.match(said, [/sent again/])
  const taken = new Promise<void>((done) => wake = done)
  clock.skip(1000)
  await taken
  t.equal(got.length, 2)
  for (const { headers, body } of got) {
    t.same(JSON.parse(body), { event: 'certificate.expiring', daysLeft: 7 })
    const timestamp = headers['x-sallyport-timestamp']
    const expected = createHmac('sha256', 's3cret').update(`${timestamp}.${body}`).digest('hex')
    t.equal(headers['x-sallyport-signature'], `sha256=${expected}`)
  }
})

t.test('without a webhook nothing is sent', (t) => {
  const fetcher = { fetch: () => Promise.reject(new Error('asked')) }
  const clock = new TestClock()
  const webhook = new Webhook(
    { fetcher, clock, log: { write: () => t.fail('spoke') } },
    () => undefined,
  )
  webhook.send({})
  t.end()
})
