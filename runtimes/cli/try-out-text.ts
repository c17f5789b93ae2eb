import type { CompiledListener, Explanation } from '../../core/mod.ts'
import { ask } from './ask.ts'
import { DEMO_UPSTREAM } from './demo.ts'
import { expiryList } from './expiry.ts'
import { pathIn } from './pki-files.ts'
import { readChain } from './pki-content.ts'
import { ADMIN, DEMO, type Service } from './service.ts'
import type { TryOut } from './try-out.ts'
import { TRY_OUT_PATH } from './try-out-configuration.ts'
import { SERVER, STRANGER, SUBSCRIBER } from './try-out-pki.ts'
import { VERSION } from './version.ts'

const EXPIRES_SOON_DAYS = 30

/** What a start tells: what listens where, requests to paste, where things lie, how to stop. */
export async function tryOutText(service: Service, tryOut: TryOut): Promise<string> {
  const { host } = service
  const { notes, configuration, folder } = tryOut
  const parts = [
    notes.join('\n'),
    expiryNotes(service).join('\n'),
    `Sallyport ${VERSION} on ${host.runtime} serves ${configuration}`,
    listenerLines(service).join('\n'),
    ...await requestParts(service, tryOut),
    [
      `All of it lies in ${folder}: certificates in pki, and gateway.yaml, which is read again when it`,
      'changes. Remove the folder to start anew. The access log follows; Ctrl-C ends it all.',
    ].join('\n'),
  ]
  return parts.filter((part) => part !== '').join('\n\n') + '\n\n'
}

function expiryNotes({ snapshot, host }: Service): string[] {
  return expiryList(snapshot, host.clock.now())
    .filter(({ daysLeft }) => daysLeft < EXPIRES_SOON_DAYS)
    .map(({ usedBy, subject, notAfter }) => `${usedBy}: "${subject}" expires at ${notAfter}`)
}

function listenerLines(service: Service): string[] {
  const own = [...service.snapshot.listeners.values()].filter(({ local }) => local === undefined)
  const lines = own.map((listener) => {
    const { tls, name, secure } = listener
    const modes = [...new Set(tls.map(({ policy }) => asks[policy.mode]))].join(', or ')
    return line(urlOf(service, listener), `${name}: ${secure ? modes : 'HTTP without TLS'}`)
  })
  const admin = service.localAddress(ADMIN)
  const demo = service.localAddress(DEMO)
  if (admin !== undefined) {
    const paths = (service.backing?.dialects ?? []).map(({ paths }) => paths[0])
    const text = ['admin: /readyz /metrics /certificates', ...paths].join(' ')
    lines.push(line(`http://${admin.host}:${admin.port}`, text))
  }
  if (demo !== undefined) {
    lines.push(line(`http://${demo.host}:${demo.port}`, `the upstream "${DEMO_UPSTREAM}"`))
  }
  return lines
}

const asks = {
  none: 'asks for no client certificate',
  request: 'asks for a client certificate',
  require: 'requires a client certificate',
} as const

function line(url: string, text: string): string {
  return `  ${url.padEnd(24)} ${text}`
}

function portOf(service: Service, { name, address }: CompiledListener): number {
  return service.gateway.addresses.get(name)?.port ?? address.port
}

function urlOf(service: Service, listener: CompiledListener): string {
  const { host } = listener.address
  const local = ['127.0.0.1', '0.0.0.0', '::', '::1'].includes(host) ? SERVER : host
  const named = local.includes(':') ? `[${local}]` : local
  return `${listener.secure ? 'https' : 'http'}://${named}:${portOf(service, listener)}`
}

/** Requests to paste, each with what the configuration, as it is now, would answer. */
async function requestParts(service: Service, tryOut: TryOut): Promise<string[]> {
  const listener = [...service.snapshot.listeners.values()].find((each) =>
    each.names.select(SERVER) !== undefined
  )
  if (listener === undefined) return []
  const parts: string[] = []
  for (const client of [SUBSCRIBER, STRANGER]) {
    parts.push(await requestPart(service, { tryOut, listener, client }))
  }
  const { program } = service.host
  const asked = `--host ${SERVER} --path ${TRY_OUT_PATH}`
  const stranger = quoted(pathIn(service.host, tryOut.pki, `${STRANGER}.crt`))
  const why = `  ${program} explain -c ${quoted(tryOut.configuration)} ${asked} --cert ${stranger}`
  return [...parts, `Why, step by step:\n${why}`, ...adminPart(service, tryOut)]
}

/** A route made over an admin API, to paste. */
function adminPart(service: Service, tryOut: TryOut): string[] {
  const admin = service.localAddress(ADMIN)
  const demo = service.localAddress(DEMO)
  const apisix = service.backing?.dialects.some(({ name }) => name === 'apisix')
  if (admin === undefined || demo === undefined || apisix !== true) return []
  const key = quoted(pathIn(service.host, tryOut.folder, 'keys/apisix'))
  const body = { uri: '/ip', upstream: { nodes: { [`${demo.host}:${demo.port}`]: 1 } } }
  return [
    `A route, made while it runs, over APISIX's Admin API:
  curl -X PUT http://${admin.host}:${admin.port}/apisix/admin/routes/ip \\
    -H "X-API-KEY: $(cat ${key})" -d '${JSON.stringify(body)}'`,
  ]
}

async function requestPart(
  service: Service,
  { tryOut, listener, client }: {
    readonly tryOut: TryOut
    readonly listener: CompiledListener
    readonly client: string
  },
): Promise<string> {
  const { host, snapshot } = service
  const path = (name: string): string => quoted(pathIn(host, tryOut.pki, name))
  const explanation = await ask(host, snapshot, {
    listener,
    method: 'GET',
    path: TRY_OUT_PATH,
    host: SERVER,
    sni: SERVER,
    headers: [],
    chain: await readChain(host, pathIn(host, tryOut.pki, `${client}.crt`)),
    address: '127.0.0.1',
    at: host.clock.now(),
  })
  const curl = `curl --cacert ${path('ca.crt')} --cert ${path(`${client}.crt`)}`
  const url = `https://${SERVER}:${portOf(service, listener)}${TRY_OUT_PATH}`
  const lines = [`${curl} \\`, `    --key ${path(`${client}.key`)} ${url}`]
  return `${outcome(client, explanation)}\n  ${lines.join('\n')}`
}

function outcome(client: string, { refusal, grant }: Explanation): string {
  if (refusal !== undefined) {
    const how = refusal.status === 0 ? 'the connection is closed' : refusal.status
    return `"${client}" is refused, ${how} ${refusal.code}, since ${lowered(refusal.detail)}:`
  }
  const why = grant?.application === undefined
    ? ''
    : `, 200, as application "${grant.application}" by plan "${grant.plan}"`
  return `"${client}" is let in${why}:`
}

function lowered(text: string): string {
  return text.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase())
}

/** For a shell. */
function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
