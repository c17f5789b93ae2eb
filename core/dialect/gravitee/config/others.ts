import type { Section } from './notes.ts'

/** What Gravitee has at the top of `gravitee.yml` and this gateway does otherwise. */
const OTHERWISE: Readonly<Record<string, string>> = {
  ratelimit: 'Counters are kept in memory',
  plugins: 'There are no plugins',
  reporters: 'What was served is in the access log and below /metrics',
  services: 'Metrics and health are at the admin address',
  cluster: 'Gateways over one store know of each other by it',
  cache: 'There are no caches to be configured',
  'distributed-sync': 'Gateways follow one store',
  organizations: 'There is one organization, DEFAULT',
  environments: 'There is one environment, DEFAULT',
  tags: 'There are no sharding tags: every API is served',
  zone: 'There are no zones',
  tenant: 'There are no tenants: every endpoint takes traffic',
  system: 'Endpoints are reached without a proxy',
  el: 'The expression language is a fixed subset',
  groovy: 'There are no scripts',
}

/** Says once of each part of a `gravitee.yml` that it is not read. */
export function noteOthers(root: Section): void {
  for (const key of root.keys()) {
    const instead = OTHERWISE[key]
    if (instead !== undefined) root.warning(key, `"${key}" has no effect. ${instead}`)
  }
  const management = root.section('management')
  if (management.text('type') !== undefined) {
    management.warning(
      'type',
      "No repository is asked: what the Management API is told is kept in the gateway's own store",
    )
  }
  for (const name of ['tcp', 'kafka']) {
    if (root.section(name).flag('enabled') === true) {
      root.section(name).warning('enabled', `APIs over ${name} are not served: HTTP is`)
    }
  }
}
