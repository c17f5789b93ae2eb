/**
 * `node:http2` as a reference: reads lines of base64 from standard input, each the bytes of one connection, and answers
 * each with the requests that it takes them for, by stream, as JSON.
 */
import { createServer } from 'node:http2'
import { createInterface } from 'node:readline'
import { Duplex } from 'node:stream'

let found = {}
const server = createServer()
server.on('sessionError', () => {})
server.on('session', (session) => session.on('error', () => {}))
server.on('stream', (stream, headers) => {
  const names = Object.keys(headers).filter((name) => !name.startsWith(':')).sort().join()
  const { ':method': method = '', ':path': path = '' } = headers
  const mine = found[stream.id] = { method, path, names, body: '', whole: false }
  stream.setEncoding('latin1').on('error', () => {})
  stream.on('data', (text) => mine.body += text)
  stream.on('end', () => mine.whole = true)
  stream.on('aborted', () => mine.whole = false)
})

async function requestsOf(bytes) {
  const mine = found = {}
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  socket.on('error', () => {})
  server.emit('connection', socket)
  socket.push(bytes)
  for (let turn = 0; turn < 8; turn++) await new Promise(setImmediate)
  socket.destroy()
  return mine
}

for await (const line of createInterface({ input: process.stdin })) {
  const requests = await requestsOf(Buffer.from(line, 'base64'))
  process.stdout.write(`${JSON.stringify(requests)}\n`)
}
