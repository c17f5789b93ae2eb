/**
 * HTTP/2 by other hands, in a process of Node's own: endpoints and clients made with node:http2 and grpc-js. What it
 * is to do is in its arguments; what it found is a line of JSON on its output.
 */
import { readFileSync } from 'node:fs'
import { connect, createSecureServer, createServer } from 'node:http2'
import process from 'node:process'
import { Client, credentials, Metadata, Server, ServerCredentials } from '@grpc/grpc-js'

const [what, text = '{}'] = process.argv.slice(2)
const options = JSON.parse(text)
const say = (found) => console.log(JSON.stringify(found))
const file = (name) => readFileSync(options[name])

function http2Server() {
  const server = options.cert === undefined ? createServer() : createSecureServer({
    cert: file('cert'),
    key: file('key'),
    ca: file('ca'),
    requestCert: true,
    rejectUnauthorized: true,
  })
  server.on('stream', (stream, headers) => {
    const path = headers[':path']
    stream.on('error', () => {})
    if (path === '/trailers') {
      stream.respond({ ':status': 200 }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '42' }))
      stream.end('with trailers')
    } else if (path === '/echo') {
      stream.respond({ ':status': 200 })
      stream.pipe(stream)
    } else if (path === '/goaway') {
      stream.session.close()
      stream.respond({ ':status': 200 })
      stream.end('last')
    } else {
      stream.respond({
        ':status': 200,
        'x-te': headers.te ?? '',
        'x-authority': headers[':authority'],
      })
      stream.end(`node ${path}`)
    }
  })
  server.listen(0, '127.0.0.1', () => say({ port: server.address().port }))
}

async function http2Client() {
  const session = connect(`https://127.0.0.1:${options.port}`, {
    ca: file('ca'),
    cert: file('cert'),
    key: file('key'),
    servername: 'test.com',
  })
  const ask = (fields, body) =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ':authority': 'test.com', ...fields }, {
        endStream: body === undefined,
      })
      const found = { body: 0, trailers: {} }
      stream.on('response', (headers) => found.status = headers[':status'])
      stream.on('data', (chunk) => found.body += chunk.length)
      stream.on('trailers', (trailers) => found.trailers = { ...trailers })
      stream.on('end', () => resolve(found)).on('error', reject)
      if (body !== undefined) stream.end(body)
    })
  const many = await Promise.all(Array.from({ length: 200 }, (_, i) => ask({ ':path': `/${i}` })))
  const big = await ask({ ':path': '/echo', ':method': 'POST' }, new Uint8Array(5_000_000))
  const trailers = await ask({ ':path': '/trailers' })
  say({ many: many.filter(({ status }) => status === 200).length, big, trailers })
  session.close()
}

const asIs = (bytes) => bytes
const method = (path, requestStream, responseStream) => ({
  path,
  requestStream,
  responseStream,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
})

function grpcServer() {
  const server = new Server()
  server.addService({
    unary: method('/t.T/Unary', false, false),
    fail: method('/t.T/Fail', false, false),
    down: method('/t.T/Down', false, true),
    up: method('/t.T/Up', true, false),
    both: method('/t.T/Both', true, true),
    wait: method('/t.T/Wait', false, false),
  }, {
    unary: (call, done) => {
      const trailer = new Metadata()
      trailer.set('x-trailer', 'there')
      done(null, call.request, trailer)
    },
    fail: (_, done) => done({ code: 9, details: 'not now' }),
    down: (call) => {
      for (let i = 0; i < 100; i++) call.write(Buffer.alloc(10_000, i))
      call.end()
    },
    up: (call, done) => {
      let bytes = 0
      call.on('data', (part) => bytes += part.length).on(
        'end',
        () => done(null, Buffer.from(String(bytes))),
      )
    },
    both: (call) => {
      call.on('data', (part) => call.write(part)).on('end', () => call.end())
    },
    wait: (call) => void call.on('cancelled', () => say({ cancelled: true })),
  })
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_, port) => say({ port }))
}

async function grpcClient() {
  const secure = credentials.createSsl(file('ca'), file('key'), file('cert'))
  const client = new Client(`127.0.0.1:${options.port}`, secure, {
    'grpc.ssl_target_name_override': 'test.com',
    'grpc.default_authority': 'test.com',
  })
  const found = {}
  await new Promise((resolve) => {
    const call = client.makeUnaryRequest(
      '/t.T/Unary',
      asIs,
      asIs,
      Buffer.from('hello'),
      (error, answer) => {
        found.unary = error?.message ?? answer.toString()
      },
    )
    call.on('status', ({ code, metadata }) => {
      found.unaryStatus = code
      found.trailer = metadata.get('x-trailer')[0]
      resolve()
    })
  })
  await new Promise((resolve) => {
    client.makeUnaryRequest('/t.T/Fail', asIs, asIs, Buffer.from(''), (error) => {
      found.fail = [error.code, error.details]
      resolve()
    })
  })
  found.down = await new Promise((resolve, reject) => {
    let bytes = 0
    client.makeServerStreamRequest('/t.T/Down', asIs, asIs, Buffer.from(''))
      .on('data', (part) => bytes += part.length).on('error', reject).on(
        'end',
        () => resolve(bytes),
      )
  })
  found.up = await new Promise((resolve, reject) => {
    const call = client.makeClientStreamRequest('/t.T/Up', asIs, asIs, (error, answer) => {
      if (error) reject(error)
      else resolve(answer.toString())
    })
    for (let i = 0; i < 100; i++) call.write(Buffer.alloc(10_000))
    call.end()
  })
  found.both = await new Promise((resolve, reject) => {
    const call = client.makeBidiStreamRequest('/t.T/Both', asIs, asIs)
    const heard = []
    call.on('error', reject).on('end', () => resolve(heard))
    call.on('data', (part) => {
      heard.push(part.toString())
      // Each word is an answer to the last: both directions are open at once.
      if (heard.length < 5) call.write(Buffer.from(`word ${heard.length}`))
      else call.end()
    })
    call.write(Buffer.from('word 0'))
  })
  found.deadline = await new Promise((resolve) => {
    const deadline = Date.now() + 300
    client.makeUnaryRequest(
      '/t.T/Wait',
      asIs,
      asIs,
      Buffer.from(''),
      { deadline },
      (error) => resolve(error.code),
    )
  })
  say(found)
  client.close()
}

const kinds = {
  'http2-server': http2Server,
  'http2-client': http2Client,
  'grpc-server': grpcServer,
  'grpc-client': grpcClient,
}
await kinds[what]()
