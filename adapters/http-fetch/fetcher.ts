import { lookup } from 'node:dns/promises'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { request as requestOverTls } from 'node:https'
import { isIP } from 'node:net'
import {
  type FetchAnswer,
  type Fetcher,
  FetchFailure,
  type FetchTarget,
} from '../../core/port/mod.ts'

/** Fetches with a connection for each request, to an address that was asked about before. */
export class HttpFetcher implements Fetcher {
  async fetch(target: FetchTarget): Promise<FetchAnswer> {
    const { timeoutMs } = target
    let stop = (): void => {}
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        stop()
        reject(new FetchFailure(`no answer within ${timeoutMs} ms`))
      }, timeoutMs)
    })
    const work = exchange(target, (request) => stop = () => void request.destroy())
    try {
      return await Promise.race([work, late])
    } catch (error) {
      work.catch(() => {})
      throw error instanceof FetchFailure ? error : new FetchFailure(reasonOf(error))
    } finally {
      clearTimeout(timer)
    }
  }
}

async function exchange(
  target: FetchTarget,
  started: (request: ClientRequest) => void,
): Promise<FetchAnswer> {
  const url = new URL(target.url)
  // Resolved here and connected to as found: a second lookup could give another address.
  const ip = await addressOf(url.hostname.replace(/^\[(.*)\]$/, '$1'), target.mayConnect)
  return await new Promise((resolve, reject) => {
    const { body, headers } = target
    const secure = url.protocol === 'https:'
    const ask = secure ? requestOverTls : request
    const name = url.hostname.replace(/^\[(.*)\]$/, '$1')
    const sent = ask({
      host: ip,
      port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
      // The name that was asked for, not the address, is what the certificate must speak for.
      ...secure && isIP(name) === 0 ? { servername: name } : {},
      method: body === undefined ? 'GET' : 'POST',
      path: `${url.pathname}${url.search}`,
      headers: {
        host: url.host,
        ...headers,
        ...body === undefined
          ? {}
          : { 'content-type': body.type, 'content-length': String(body.data.length) },
      },
      agent: false,
    }, (answer) => collect(answer, target.maxBytes).then(resolve, reject))
    started(sent)
    sent.on('error', reject)
    sent.end(body?.data)
  })
}

async function addressOf(host: string, mayConnect: (ip: string) => boolean): Promise<string> {
  const found = isIP(host) === 0 ? await lookup(host, { all: true }) : [{ address: host }]
  const allowed = found.find(({ address }) => mayConnect(address))
  if (allowed !== undefined) return allowed.address
  const addresses = found.map(({ address }) => address).join(', ')
  throw new FetchFailure(`address ${addresses} is not public, and not among those to be asked`)
}

function collect(answer: IncomingMessage, maxBytes: number): Promise<FetchAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    let length = 0
    const fail = (error: Error): void => {
      reject(error)
      answer.destroy()
    }
    answer.on('data', (chunk: Uint8Array) => {
      length += chunk.length
      if (length > maxBytes) fail(new FetchFailure(`more than ${maxBytes} bytes`))
      else chunks.push(chunk)
    })
    answer.on('end', () => {
      if (!answer.complete) return fail(new FetchFailure('the answer was cut short'))
      const { statusCode: status = 0, headers: { location } } = answer
      resolve({ status, location, body: joined(chunks, length) })
    })
    answer.on('error', reject)
    answer.on('close', () => reject(new FetchFailure('the answer was cut short')))
  })
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

function reasonOf(error: unknown): string {
  const { code, message } = error instanceof Error ? error as Error & { code?: string } : {}
  return code ?? message ?? String(error)
}
