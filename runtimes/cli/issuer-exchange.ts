import type { Service } from './service.ts'

/** An intermediate that a worker met, as the bytes of its DER. */
interface IssuerMessage {
  readonly kind: 'issuer'
  readonly der: readonly number[]
}

/** What a worker asks its primary at start. */
const WANTED = 'issuers'

/**
 * Shares the intermediates of clients with the other workers, from within one: a session that one of them made can
 * be taken up at any, and then brings no intermediates.
 */
export function exchangeIssuers(service: Service): void {
  const { host, gateway: { issuers } } = service
  issuers.share({
    tell: (der) => host.workers.send(messageOf(der)),
    after: (ms, task) => host.clock.after(ms, task),
  })
  host.workers.onMessage((message) => {
    if (isIssuer(message)) void issuers.take(Uint8Array.from(message.der))
  })
  host.workers.send(WANTED)
}

/** Passes on, in the primary, what workers tell, and tells a new one what is known. */
export function passIssuersOn(service: Service): void {
  const { host, gateway: { issuers } } = service
  host.workers.onMessage((message) => {
    if (isIssuer(message)) {
      void issuers.take(Uint8Array.from(message.der))
      host.workers.send(message)
    } else if (message === WANTED) {
      for (const der of issuers) host.workers.send(messageOf(der))
    }
  })
}

function messageOf(der: Uint8Array): IssuerMessage {
  return { kind: 'issuer', der: [...der] }
}

function isIssuer(message: unknown): message is IssuerMessage {
  return typeof message === 'object' && message !== null && 'kind' in message &&
    message.kind === 'issuer' && 'der' in message && Array.isArray(message.der)
}
