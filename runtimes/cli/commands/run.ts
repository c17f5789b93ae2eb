import { parseArgs } from 'node:util'
import { serveAdmin } from '../admin-listener.ts'
import { watchExpiry } from '../expiry.ts'
import { joinPrimary } from '../followers.ts'
import type { Host } from '../host.ts'
import { Service } from '../service.ts'
import { problemLines } from '../snapshot-source.ts'
import { reportToPrimary, supervise } from '../supervise.ts'
import { SECRET_VARIABLE, ticketSecret } from '../ticket-secret.ts'

/** `sallyport run`: serves a configuration until a signal ends it. */
export async function run(host: Host, args: readonly string[]): Promise<number | undefined> {
  const { values } = parseArgs({
    args: [...args],
    options: { config: { type: 'string', short: 'c', default: 'gateway.yaml' } },
  })
  return await serve(host, values.config)
}

/** What a command that serves does besides, in the process that was started. */
export interface ServeOptions {
  /** Called before listeners open. Returns what went wrong, empty where nothing did. */
  readonly prepare?: (service: Service) => Promise<string>
  /** Called once the gateway serves. By default each listener is logged. */
  readonly announce?: (service: Service) => Promise<void> | void
}

/** Serves a configuration file in this process, or in several that this one watches over. */
export async function serve(
  host: Host,
  file: string,
  options: ServeOptions = {},
): Promise<number | undefined> {
  const secret = ticketSecret(host)
  const service = new Service(host, file, { secret })
  const loaded = await service.load()
  host.complain(problemLines(loaded.problems) + loaded.failure)
  if (loaded.snapshot === undefined) return loaded.failure === '' ? 1 : 2
  if (host.workers.isWorker) return await serveHere(service, {})
  const failed = await options.prepare?.(service) ?? ''
  if (failed !== '') return await giveUp(service, failed)
  watchExpiry(service)
  const { workers } = loaded.snapshot.configuration
  if (workers === 1) return await serveHere(service, options)
  const code = await supervise(service, workers, { [SECRET_VARIABLE]: hex(secret) })
  if (code === undefined) await (options.announce ?? logListeners)(service)
  return code
}

async function serveHere(
  service: Service,
  { announce = logListeners }: ServeOptions,
): Promise<number | undefined> {
  serveAdmin(service)
  const { host, backing } = service
  const { isWorker } = host.workers
  if (isWorker && backing !== undefined) {
    await joinPrimary(host, (revision) => backing.live.inForce(revision))
  }
  const failed = await service.listen(isWorker ? 'traffic' : 'all')
  if (failed !== '') return await giveUp(service, failed)
  followSignals(service)
  reportToPrimary(service)
  await announce(service)
  return undefined
}

async function giveUp(service: Service, reason: string): Promise<number> {
  service.host.complain(reason)
  await service.drain()
  // What it hears its primary by would keep it.
  if (service.host.workers.isWorker) service.host.exit(2)
  return 2
}

/** Ends on SIGTERM and SIGINT, reloads on SIGHUP, reopens logs on SIGUSR1. */
export function followSignals(service: Service): void {
  const { host } = service
  let ending = false
  const end = (): void => {
    // Whoever asks twice does not want to wait.
    if (ending) host.exit(1)
    ending = true
    host.log.write('info', 'Draining: no new connections, exchanges under way may finish')
    void service.drain().then(() => host.exit(0))
  }
  host.onSignal('SIGTERM', end)
  host.onSignal('SIGINT', end)
  host.onSignal('SIGHUP', () => void service.reloadNow())
  host.onSignal('SIGUSR1', () => service.reopenLogs())
}

function logListeners(service: Service): void {
  for (const [name, { host, port }] of service.gateway.addresses) {
    service.host.log.write('info', 'Listening', { listener: name, address: `${host}:${port}` })
  }
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
