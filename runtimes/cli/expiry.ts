import { dueExpiries, expiries, expiryNews } from '../../core/mod.ts'
import type { ExpiringKind, ExpiryNotice, Log, Snapshot } from '../../core/mod.ts'
import type { Service } from './service.ts'
import { Webhook } from './webhook.ts'

/** How often the end of certificates is looked at, in milliseconds. */
const LOOK_EVERY = 3_600_000
/** How many notices of one look are told one by one. */
const TOLD = 100

/** How many that use it are named. */
const USERS = 8

/** Something in use that expires, and how long it lasts; plain values that JSON can hold. */
export interface ExpiryEntry {
  readonly kind: ExpiringKind
  readonly usedBy: string
  /** Of a CRL, its issuer. */
  readonly subject: string
  readonly issuer: string
  readonly sha256: string
  readonly notBefore: string
  /** Of a CRL, its nextUpdate. */
  readonly notAfter: string
  /** Whole days, negative once it has expired. */
  readonly daysLeft: number
}

/** Everything that a snapshot uses and that expires, the most urgent first. */
export function expiryList(snapshot: Snapshot, now: number): ExpiryEntry[] {
  return expiries(snapshot, now).map(({ notBefore, notAfter, ...rest }) => ({
    ...rest,
    notBefore: iso(notBefore),
    notAfter: iso(notAfter),
  }))
}

/** Certificates may claim times that no calendar can show. */
function iso(time: number): string {
  return Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : String(time)
}

/** Tells the operator in the log what expires: now, each hour, and after each reload. Nothing is told twice. */
export function watchExpiry(service: Service): void {
  const { host } = service
  const webhook = new Webhook(host, () => service.snapshot.configuration.admin?.expiryWebhook)
  service.atEnd(() => webhook.close())
  let told: ReadonlyMap<string, number> = new Map()
  const look = (): void => {
    const now = host.clock.now()
    const news = expiryNews(dueExpiries(service.snapshot, now), told, now)
    told = news.told
    tell(host.log, news.notices)
    for (const notice of news.notices) webhook.send(eventOf(notice))
  }
  look()
  service.atEnd(host.clock.every(LOOK_EVERY, look))
  service.onReload = look
}

function eventOf({ notBefore, notAfter, ...notice }: ExpiryNotice): Record<string, unknown> {
  const event = notice.daysLeft < 0 ? 'certificate.expired' : 'certificate.expiring'
  return { event, ...notice, notBefore: iso(notBefore), notAfter: iso(notAfter) }
}

function tell(log: Log, notices: ReturnType<typeof expiryNews>['notices']): void {
  for (const { kind, subject, sha256, usedBy, notAfter, daysLeft } of notices.slice(0, TOLD)) {
    const what = kind === 'crl' ? 'CRL' : 'certificate'
    const users = usedBy.slice(0, USERS)
    if (usedBy.length > USERS) users.push(`${usedBy.length - USERS} more`)
    const fields = { kind, subject, sha256, usedBy: users, notAfter: iso(notAfter), daysLeft }
    if (daysLeft < 0) log.write('error', `A ${what} has expired`, fields)
    else log.write('warn', `A ${what} expires soon`, fields)
  }
  const more = notices.length - TOLD
  if (more > 0) log.write('warn', 'More certificates expire soon: see /certificates', { more })
}
