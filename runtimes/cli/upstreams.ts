import type { EndpointHealth, UpstreamHealth } from '../../core/mod.ts'

/** Upstreams with their endpoints, as the admin listener tells them; all, or the one of a name. */
export function upstreamList(
  upstreams: readonly UpstreamHealth[],
  name: string | undefined,
): Record<string, unknown> {
  const shown = name === undefined ? upstreams : upstreams.filter((each) => each.name === name)
  return {
    upstreams: shown.map(({ endpoints, ...rest }) => (
      { ...rest, endpoints: endpoints.map(endpointBody) }
    )),
  }
}

function endpointBody({ since, checkedAt, reason, ...rest }: EndpointHealth): object {
  return {
    ...rest,
    ...(since === undefined ? {} : { since: new Date(since).toISOString() }),
    ...(checkedAt === undefined ? {} : { checkedAt: new Date(checkedAt).toISOString() }),
    ...(reason === '' ? {} : { reason }),
  }
}
