/**
 * Node's own HTTP/1.1 parser as a reference: reads lines of base64 from standard input, each the bytes of one
 * connection, and answers each with the requests that `node:http` takes them for, as JSON.
 */
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { Duplex } from 'node:stream'

let seen = []
const take = (request, response) => {
  const read = { method: request.method, target: request.url, body: '' }
  request.setEncoding('latin1')
  request.on('data', (text) => read.body += text)
  request.on('end', () => seen.push(read))
  request.on('error', () => {})
  response.end()
}
// Without a listener of its own, a request with an unknown expectation is answered and told to nobody.
const server = createServer(take).on('checkExpectation', take)
const taken = (request, socket) => {
  seen.push({ method: request.method, target: request.url, body: '' })
  socket.destroy()
}
server.on('connect', taken).on('upgrade', taken)
server.on('clientError', (_, socket) => socket.destroy())

async function requestsOf(bytes) {
  seen = []
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  socket.setTimeout =
    socket.setNoDelay =
    socket.setKeepAlive =
    socket.ref =
    socket.unref =
      () => socket
  socket.on('error', () => {})
  server.emit('connection', socket)
  socket.push(bytes)
  for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate)
  const found = seen
  socket.destroy()
  return found
}

for await (const line of createInterface({ input: process.stdin })) {
  const found = await requestsOf(Buffer.from(line, 'base64'))
  process.stdout.write(`${JSON.stringify(found)}\n`)
}
