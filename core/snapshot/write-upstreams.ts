import {
  ACTIVE_CHECKS_DEFAULTS,
  ENDPOINT_DEFAULTS,
  PASSIVE_CHECKS_DEFAULTS,
  UPSTREAM_DEFAULTS,
  UPSTREAM_TLS_DEFAULTS,
} from './defaults.ts'
import { addressText } from './address-text.ts'
import type {
  EndpointConfig,
  HealthConfig,
  PersistenceConfig,
  UpstreamConfig,
  UpstreamTimes,
  UpstreamTlsConfig,
} from './types.ts'
import { type Document, kept, milliseconds, spans } from './write-kept.ts'
import { writeKeyPair, writeTrust } from './write-trust.ts'

/** A named group of endpoints. */
export function writeUpstream(upstream: UpstreamConfig): Document {
  const { name: _, endpoints, tls, health, persistence, keepAlive, ...rest } = upstream
  const times = ['connectTimeout', 'readTimeout', 'sendTimeout', 'retryTimeout']
  const held = kept(keepAlive, UPSTREAM_DEFAULTS.keepAlive)
  return {
    endpoints: endpoints.map(writeEndpoint),
    ...spans(kept(rest, UPSTREAM_DEFAULTS), times),
    ...some('keepAlive', spans(held, ['idleTimeout'])),
    ...some('health', writeHealth(health)),
    ...(persistence === undefined ? {} : { persistence: writePersistence(persistence) }),
    ...(tls === undefined ? {} : { tls: writeTls(tls) }),
  }
}

function some(key: string, map: Document): Document {
  return Object.keys(map).length === 0 ? {} : { [key]: map }
}

function writeEndpoint({ host, port, monitor, tls, ...rest }: EndpointConfig): Document {
  return {
    address: addressText({ host, port }),
    ...kept(rest, ENDPOINT_DEFAULTS),
    ...(monitor === undefined ? {} : { monitor: addressText(monitor) }),
    ...(tls === undefined ? {} : { tls: tls === 'none' ? false : writeTls(tls) }),
  }
}

function writePersistence({ by, name, lifetime }: PersistenceConfig): Document {
  return { by, ...(name === '' ? {} : { name }), lifetime: milliseconds(lifetime) }
}

function writeTls({ trust, certificate, ...rest }: UpstreamTlsConfig): Document {
  return {
    ...writeTrust(trust),
    ...kept(rest, UPSTREAM_TLS_DEFAULTS),
    ...(certificate === undefined ? {} : { certificate: writeKeyPair(certificate) }),
  }
}

function writeHealth({ active, passive, allUnhealthy }: HealthConfig): Document {
  return {
    ...(active === undefined ? {} : { active: writeActive(active) }),
    ...(passive === undefined ? {} : { passive: writePassive(passive) }),
    ...kept({ allUnhealthy }, UPSTREAM_DEFAULTS.health),
  }
}

function writeActive(active: NonNullable<HealthConfig['active']>): Document {
  const { headers, healthy, unhealthy, ...rest } = active
  const defaults = ACTIVE_CHECKS_DEFAULTS
  const named = Object.fromEntries(headers.map(({ name, value }) => [name, value]))
  return {
    ...spans(kept(rest, defaults), ['timeout']),
    ...some('headers', named),
    ...some('healthy', spans(kept(healthy, defaults.healthy), ['interval'])),
    ...some('unhealthy', spans(kept(unhealthy, defaults.unhealthy), ['interval'])),
  }
}

function writePassive(
  { healthy, unhealthy, ...rest }: NonNullable<HealthConfig['passive']>,
): Document {
  const defaults = PASSIVE_CHECKS_DEFAULTS
  return {
    ...spans(kept(rest, defaults), ['rest']),
    ...some('healthy', kept(healthy, defaults.healthy)),
    ...some('unhealthy', kept(unhealthy, defaults.unhealthy)),
  }
}

/** Time-outs of routes and listeners, where there are any. */
export function writeTimes(times: UpstreamTimes): Document {
  return some('upstreamTimes', spans(kept(times, {}), ['connect', 'read', 'send', 'answer']))
}
