import { decide, explain, OnlineVerdicts, refusal, REFUSALS, settle } from '../../core/mod.ts'
import type {
  CompiledListener,
  Explanation,
  Observer,
  Peer,
  Refusal,
  Snapshot,
} from '../../core/mod.ts'
import { certificateToHeader } from '../../core/pki/mod.ts'
import { ClientConnection, Identifier, Runtime } from '../../core/proxy/mod.ts'
import { RequestParser } from '../../core/wire/mod.ts'
import type { RequestHead } from '../../core/wire/mod.ts'
import type { Host } from './host.ts'

/** A request that was never sent, and who would send it. */
export interface Question {
  readonly listener: CompiledListener
  readonly method: string
  /** With its query, if there is one. */
  readonly path: string
  /** As in the Host field. */
  readonly host: string
  /** Lower case, empty: none is sent. */
  readonly sni: string
  /** Names and values in turn. */
  readonly headers: readonly string[]
  /** What the client shows, DER, leaf first. */
  readonly chain: readonly Uint8Array[]
  /** The address that the connection comes from. */
  readonly address: string
  /** Epoch milliseconds. */
  readonly at: number
}

/**
 * Takes a request through the data path as far as the decision, by the functions that real ones go through, and
 * tells what would become of it.
 */
export async function ask(
  host: Host,
  snapshot: Snapshot,
  question: Question,
): Promise<Explanation> {
  const { listener: sockets, tls, dialer, clock, log, latin1, fetcher } = host
  const verdicts = new OnlineVerdicts({ fetcher, clock, log, limits: () => snapshot.limits })
  const ports = { listener: sockets, tls, dialer, clock, log, latin1, observer: silent }
  const handlers = () => undefined
  const runtime = new Runtime({ ...ports, verdicts, handlers }, snapshot)
  runtime.ticker.stop()
  const head = readHead(snapshot, question)
  if ('code' in head) return refusedUnread(head)
  const peer = await peerOf(runtime, head, question)
  verdicts.close()
  const { listener, at } = question
  await settle(() => decide(snapshot, listener, head, peer, at), at)
  return explain({ snapshot, listener, head, peer, now: at })
}

/** Phases **handshake** and **identify**. */
async function peerOf(runtime: Runtime, head: RequestHead, question: Question): Promise<Peer> {
  const { listener, sni, address, at } = question
  const identifier = new Identifier(runtime.ports.verdicts)
  const policy = listener.names.select(sni)?.policy
  const chain = policy === undefined || policy.mode === 'none' ? [] : question.chain
  const connection = new ClientConnection(runtime, identifier, {
    listenerName: () => listener.name,
    address,
    peerAddress: address,
    ends: { source: { host: address, port: 0 }, destination: listener.address },
    secure: listener.secure,
    sni,
    chain,
    certificate: await identifier.fromChain(chain, policy, at),
    handler: undefined,
    onOver: () => {},
  })
  return await connection.peerFor(head, at)
}

/** Phase **read**: the request as bytes, through the parser that the wire's bytes go through. */
function readHead(snapshot: Snapshot, question: Question): RequestHead | Refusal {
  let read: RequestHead | Refusal = refusal('MALFORMED_REQUEST', 'The head does not end')
  const parser = new RequestParser({
    onHead: (head) => void (read = head),
    onBody: () => {},
    onEnd: () => {},
    onError: ({ code, detail, clause }) => {
      const known = code === 'MALFORMED_RESPONSE' ? 'MALFORMED_REQUEST' : code
      read = refusal(known, `${detail} (${clause})`)
    },
  }, { limits: snapshot.limits })
  parser.push(new TextEncoder().encode(requestText(question)))
  return read
}

function requestText({ method, path, host, headers, listener, chain }: Question): string {
  const fields = ['Host', host, ...headers]
  const carrier = carriedBy(listener)
  const [leaf] = chain
  if (carrier !== undefined && leaf !== undefined) fields.push(carrier, certificateToHeader(leaf))
  let text = `${method} ${path} HTTP/1.1\r\n`
  for (let i = 0; i + 1 < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`
  return text + '\r\n'
}

/** The header by which a proxy in front hands a client's certificate on; undefined where the handshake shows it. */
export function carriedBy(listener: CompiledListener): string | undefined {
  return listener.secure ? undefined : listener.trustedProxies?.clientCertificateHeader
}

function refusedUnread(refused: Refusal): Explanation {
  const { advice } = REFUSALS[refused.code]
  return {
    answer: 'refuse',
    steps: [{ phase: 'read', outcome: 'stopped', text: refused.detail }],
    route: undefined,
    upstream: undefined,
    grant: undefined,
    refusal: refused,
    advice,
  }
}

const silent: Observer = {
  exchange: () => {},
  stream: () => {},
  refusedConnection: () => {},
  handshake: () => {},
  connection: () => {},
  upstreamConnection: () => {},
}
