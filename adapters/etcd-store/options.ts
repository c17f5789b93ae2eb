import type { Clock } from '../../core/port/mod.ts'
import { type StoreFailure, storeFailure } from '../../core/store/mod.ts'

/** What TLS towards etcd needs; PEM as bytes. */
export interface EtcdTls {
  /** Whom to trust; the roots that the platform trusts unless given. */
  readonly ca?: Uint8Array
  /** What we show of ourselves, with its key. */
  readonly cert?: Uint8Array
  readonly key?: Uint8Array
  /** False: take whatever certificate is shown. */
  readonly verify?: boolean
  /** The name to ask for and to find in the certificate; the endpoint's host unless given. */
  readonly sni?: string
}

/** Where etcd is, and how it is spoken with. */
export interface EtcdStoreOptions {
  /** Such as `https://10.0.0.5:2379`: all with TLS, or all without. */
  readonly endpoints: readonly string[]
  /** Stands before every key, such as `/apisix`. */
  readonly prefix: string
  readonly user?: { readonly name: string; readonly password: string }
  readonly tls?: EtcdTls
  readonly clock: Clock
  /** From 0 to 1, for waits that do not meet. */
  readonly random?: () => number
  /** How long one member may take to answer, in ms; 3,000 unless given. */
  readonly answerWithinMs?: number
  /** How long a question is put again to all members before it has failed, in ms; 10,000 unless given. */
  readonly giveUpAfterMs?: number
  /** Of a flood no more changes are told in a second; 1,000 unless given. Half as many come without a rest. */
  readonly changesPerSecond?: number
  /** Asked before each rest whether a flood may come as it is just now, as it disturbs nobody; never unless given. */
  readonly hurry?: () => boolean
}

/** What makes no sense about the options. */
export function checkOptions(
  { endpoints, prefix, tls }: EtcdStoreOptions,
): StoreFailure | undefined {
  const wrong = endpoints.find((each) => !/^https?:\/\/[^/\s]+:\d+\/?$/.test(each))
  if (wrong !== undefined || endpoints.length === 0) {
    return invalid(`"${wrong ?? ''}": an endpoint looks like https://10.0.0.5:2379`)
  }
  const secure = endpoints.filter((each) => each.startsWith('https:')).length
  if (secure !== 0 && secure !== endpoints.length) {
    return invalid(`"${endpoints.join(' ')}": some are https and some are not`)
  }
  if (secure === 0 && tls !== undefined) {
    return invalid(`"${endpoints.join(' ')}": there is a tls section, but no endpoint is https`)
  }
  if ((tls?.cert === undefined) !== (tls?.key === undefined)) {
    return invalid(`"${endpoints.join(' ')}": a certificate and its key go together`)
  }
  const strange = [tls?.ca, tls?.cert, tls?.key].find((each) => each !== undefined && !isPem(each))
  if (strange !== undefined) {
    return invalid(`"${endpoints.join(' ')}": certificates and keys are PEM, and one is not`)
  }
  if (!/^[!-~]*$/.test(prefix)) return invalid(`"${prefix}": a prefix is visible ASCII`)
  return undefined
}

function isPem(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes).includes('-----BEGIN ')
}

function invalid(rest: string): StoreFailure {
  return storeFailure('invalid', `Use etcd at ${rest}`)
}
