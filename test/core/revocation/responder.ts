/** CRL servers and OCSP responders of one's own, on loopback. */
import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { freePort } from '../../support/free-port.ts'
import { type KeyPairFiles, type Pki, serialOf } from '../../support/pki.ts'

/** Answers one request; the body is whole. */
export type Answer = (request: IncomingMessage, response: ServerResponse, body: Uint8Array) => void

/** An HTTP server that counts what it is asked. */
export class TestHttp {
  readonly asked: string[] = []
  answer: Answer = (_, response) => void response.writeHead(404).end()
  readonly #server = createServer((request, response) => {
    this.asked.push(`${request.method} ${request.url}`)
    const chunks: Uint8Array[] = []
    request.on('data', (chunk: Uint8Array) => chunks.push(chunk))
    request.on('end', () => {
      const body = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
      let at = 0
      for (const chunk of chunks) {
        body.set(chunk, at)
        at += chunk.length
      }
      this.answer(request, response, body)
    })
  })

  async listen(t: Test): Promise<this> {
    await new Promise<void>((resolve) => void this.#server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => {
      this.#server.closeAllConnections()
      return new Promise<void>((resolve) => void this.#server.close(() => resolve()))
    })
    return this
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }
}

/** How a responder answers. */
export interface ResponderOptions {
  readonly ca: KeyPairFiles
  /** Who signs; without: the CA itself. */
  readonly signer?: KeyPairFiles
  readonly good: readonly KeyPairFiles[]
  readonly revoked?: readonly KeyPairFiles[]
  /** `-nmin 5` and the like. */
  readonly more?: readonly string[]
}

/** `openssl ocsp` as a responder, in a process of its own. Gives its URL once it answers. */
export async function startResponder(
  t: Test,
  pki: Pki,
  { ca, signer = ca, good, revoked = [], more = ['-nmin', '60'] }: ResponderOptions,
): Promise<string> {
  const port = await freePort()
  const index = pki.path(`ocsp-${port}.index`)
  const line = ({ der }: KeyPairFiles, start: string): string => {
    const serial = serialOf(der)
    return `${start}\t${serial}\tunknown\t/CN=x\n`
  }
  writeFileSync(
    index,
    [
      ...good.map((each) => line(each, 'V\t491231235959Z\t')),
      ...revoked.map((each) => line(each, 'R\t491231235959Z\t250101000000Z,keyCompromise')),
    ].join(''),
  )
  writeFileSync(`${index}.attr`, 'unique_subject = no\n')
  const child = spawn('openssl', [
    ...['ocsp', '-port', String(port), '-index', index, '-CA', ca.certFile],
    ...['-rsigner', signer.certFile, '-rkey', signer.keyFile, ...more],
  ], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => ended(child))
  await ready(child)
  return `http://127.0.0.1:${port}`
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Uint8Array) => {
        text += new TextDecoder().decode(chunk)
        if (/waiting for OCSP client connections/i.test(text)) resolve()
      })
    }
    child.on('close', () => reject(new Error(`Start openssl ocsp: ${text}`)))
  })
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const over = new Promise((resolve) => child.on('close', resolve))
  child.kill('SIGKILL')
  await over
}
