import { addCounters } from '../../core/mod.ts'
import type { CounterValues } from '../../core/mod.ts'
import { serveAdmin } from './admin-listener.ts'
import { exchangeIssuers, passIssuersOn } from './issuer-exchange.ts'
import type { Service } from './service.ts'

/** How often a worker tells its primary what it counted. */
const REPORT_EVERY_MS = 500

/** The exit code of a process that was started wrongly, such as on a port that is taken. */
const CANNOT_BEGIN = 2

/** What a worker tells its primary. */
interface Report {
  readonly kind: 'counters'
  readonly values: CounterValues
}

/**
 * Watches over `count` workers that share the listeners: this process serves the admin listener, adds up
 * what they count, replaces those that die, and passes signals on.
 */
export async function supervise(
  service: Service,
  count: number,
  env: Readonly<Record<string, string>>,
): Promise<number | undefined> {
  const { host } = service
  const reports = new Map<number, CounterValues>()
  let ended: CounterValues = addCounters([])
  serveAdmin(service, () => addCounters([ended, ...reports.values()]))
  const failed = await service.listen('admin')
  if (failed !== '') {
    host.complain(failed)
    return CANNOT_BEGIN
  }
  let served = false
  host.workers.onMessage((message, worker) => {
    if (isReport(message)) {
      reports.set(worker, message.values)
      served = true
    }
    const { backing } = service
    const answer = backing?.followers.take(message, worker, backing.live.revision)
    if (answer !== undefined) host.workers.send(answer)
  })
  passIssuersOn(service)
  const onExit = (worker: number, code: number | undefined): void => {
    // It said why it cannot begin; another one could not either.
    if (!served && code === CANNOT_BEGIN) {
      void host.workers.stop().then(() => host.exit(CANNOT_BEGIN))
      return
    }
    host.log.write('error', 'A worker died and is replaced', { worker, code })
    ended = addCounters([ended, withoutGauges(reports.get(worker))])
    reports.delete(worker)
    service.backing?.followers.left(worker)
  }
  host.workers.start(count, { env, onExit })
  forwardSignals(service)
  return undefined
}

/** Tells the primary, from within a worker, what this process counts. */
export function reportToPrimary(service: Service): void {
  const { host } = service
  if (!host.workers.isWorker) return
  const send = (): void => {
    host.workers.send({ kind: 'counters', values: service.counters() } satisfies Report)
  }
  host.clock.every(REPORT_EVERY_MS, send)
  exchangeIssuers(service)
  host.workers.onMessage((message) => {
    if (message === 'reload') void service.reloadNow()
    if (message === 'reopen') service.reopenLogs()
  })
}

function forwardSignals(service: Service): void {
  const { host } = service
  let ending = false
  const end = (): void => {
    if (ending) host.exit(1)
    ending = true
    void Promise.all([host.workers.stop(), service.drain()]).then(() => host.exit(0))
  }
  host.onSignal('SIGTERM', end)
  host.onSignal('SIGINT', end)
  host.onSignal('SIGHUP', () => {
    host.workers.send('reload')
    void service.reloadNow()
  })
  host.onSignal('SIGUSR1', () => host.workers.send('reopen'))
}

/** What a dead process had open is open no more. */
function withoutGauges(values: CounterValues | undefined): CounterValues {
  if (values === undefined) return addCounters([])
  return { ...values, connections: {}, upstreamConnections: {} }
}

function isReport(message: unknown): message is Report {
  return typeof message === 'object' && message !== null && 'kind' in message &&
    message.kind === 'counters'
}
