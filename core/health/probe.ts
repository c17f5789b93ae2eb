import type { CompiledEndpoint, CompiledUpstream } from '../decide/mod.ts'
import { type Dialed, DialFailure, type TlsClientProfile } from '../port/mod.ts'
import type { ActiveChecksConfig } from '../snapshot/types.ts'
import type { Outcome } from '../upstream/mod.ts'
import { writeProxyHeader } from '../wire/mod.ts'
import { askStatus } from './ask-status.ts'
import type { HealthPorts } from './types.ts'

/** Whom one check asks, and what. */
export interface Probe {
  readonly upstream: CompiledUpstream
  readonly endpoint: CompiledEndpoint
  readonly checks: ActiveChecksConfig
}

/** What a check found; undefined: nothing that counts. */
export type Finding = { readonly outcome: Outcome; readonly reason: string } | undefined

const NOWHERE = { host: '', port: 0 }

/** Makes one check. Never rejects. */
export async function probe(ports: HealthPorts, asked: Probe): Promise<Finding> {
  const { type } = asked.checks
  try {
    return type === 'ping' ? await ping(ports, asked) : await connect(ports, asked)
  } catch (error) {
    const timedOut = error instanceof DialFailure && error.reason === 'timeout'
    const reason = error instanceof Error ? error.message : String(error)
    return { outcome: timedOut ? 'timeout' : 'tcp', reason }
  }
}

async function ping({ pinger }: HealthPorts, { endpoint, checks }: Probe): Promise<Finding> {
  if (pinger === undefined) return undefined
  const { host } = endpoint.monitor ?? endpoint
  const answered = await pinger.ping(host, checks.timeout)
  if (answered === undefined) return undefined
  return answered
    ? { outcome: 'success', reason: '' }
    : { outcome: 'timeout', reason: `Ping ${host}: no answer within ${checks.timeout} ms` }
}

async function connect(ports: HealthPorts, asked: Probe): Promise<Finding> {
  const { endpoint, checks, upstream } = asked
  const place = endpoint.monitor ?? { host: endpoint.host, port: checks.port ?? endpoint.port }
  const secure = checks.type === 'https' || checks.type === 'tls-hello'
  const target = secure ? secured(asked) : endpoint
  const started = ports.schedule.now
  const dialed = await ports.dialer.dial({
    host: place.host,
    port: place.port,
    tls: secure ? target.tls : undefined,
    timeoutMs: checks.timeout,
    preface: prefaceOf(upstream),
  })
  try {
    const distrust = secure && checks.verify ? await ports.distrust(target, dialed) : undefined
    if (distrust !== undefined) return { outcome: 'tcp', reason: distrust }
    if (checks.type === 'tcp' || checks.type === 'tls-hello') {
      return { outcome: 'success', reason: '' }
    }
    const deadline = started + checks.timeout
    return judged(checks, await ask(ports, asked, { dialed, deadline }))
  } finally {
    dialed.duplex.destroy()
  }
}

/** The endpoint as TLS checks see it: with the identity and trust of requests where these use TLS, else with none. */
function secured({ endpoint, checks }: Probe): CompiledEndpoint {
  const named = checks.host === undefined ? endpoint : endpoint.named(checks.host)
  const alpn = ['http/1.1']
  const serverName = checks.host ?? (endpoint.host.includes(':') ? '' : endpoint.host)
  const tls: TlsClientProfile = named.tls === undefined
    ? {
      id: `check ${serverName}`,
      contextId: 'check',
      serverName: /^[\d.]*$/.test(serverName) ? '' : serverName,
      credentials: undefined,
      alpn,
    }
    : { ...named.tls, id: `${named.tls.id} check`, alpn }
  return { ...named, tls }
}

/** The gateway asks for itself: there is no client to tell of. */
function prefaceOf({ config: { proxyProtocol } }: CompiledUpstream): Uint8Array | undefined {
  if (proxyProtocol === undefined) return undefined
  const version = proxyProtocol === 'v1' ? 1 : 2
  return writeProxyHeader({ version, source: NOWHERE, destination: NOWHERE })
}

function ask(
  { schedule }: HealthPorts,
  { endpoint, checks, upstream }: Probe,
  { dialed, deadline }: { readonly dialed: Dialed; readonly deadline: number },
): Promise<number | Finding> {
  const sent = upstream.config.host
  const host = checks.host ?? (typeof sent === 'object' ? sent.name : endpoint.address)
  const fields = checks.headers.map(({ name, value }) => `${name}: ${value}\r\n`).join('')
  const head = `${checks.method} ${checks.path} HTTP/${checks.version}\r\nHost: ${host}\r\n` +
    `User-Agent: sallyport-health-check\r\n${fields}Connection: close\r\n\r\n`
  return askStatus(dialed.duplex, { schedule, deadline, method: checks.method, head })
}

function judged(
  { healthy, unhealthy }: ActiveChecksConfig,
  answer: number | Finding,
): Finding {
  if (typeof answer !== 'number') return answer
  if (healthy.statuses.includes(answer)) return { outcome: 'success', reason: '' }
  const bad = unhealthy.statuses === 'others' || unhealthy.statuses.includes(answer)
  return bad ? { outcome: 'http', reason: `The check was answered ${answer}` } : undefined
}
