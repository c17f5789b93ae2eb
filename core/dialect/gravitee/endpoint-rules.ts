import { bad } from './faults.ts'
import type { EndpointDefinition, EndpointGroupDefinition } from './model.ts'

/** What endpoint groups must be besides their form: names that are none's other, endpoints of the group's kind. Throws Fault. */
export function checkEndpointGroups(groups: readonly EndpointGroupDefinition[]): void {
  const names = new Set<string>()
  for (const group of groups) {
    const { name, endpoints = [] } = group
    checkName(name)
    if (names.has(name)) {
      const message =
        `The endpoint group name [${name}] is already used by another endpoint or endpoint group.`
      throw bad('api.endpointsGroup.name.exists', message, { 'api.endpointsGroup[].name': name })
    }
    names.add(name)
    if (endpoints.length === 0 && !discovers(group)) {
      throw bad('endpoint.missing', 'At least one endpoint is required for an API.')
    }
    for (const endpoint of endpoints) checkEndpoint(endpoint, group, names)
  }
}

function checkEndpoint(
  { name, type, inheritConfiguration }: EndpointDefinition,
  group: EndpointGroupDefinition,
  names: Set<string>,
): void {
  checkName(name)
  if (names.has(name)) {
    const message =
      `The endpoint name [${name}] is already used by another endpoint or endpoint group.`
    throw bad('api.endpointsGroup.endpoint.name.exists', message, {
      'api.endpointsGroup[].endpoint.name': name,
    })
  }
  names.add(name)
  if (type !== group.type) {
    const message =
      `The endpoint group's type [${group.type}] doesn't match every endpoint types declared.`
    throw bad('api.endpointsGroup.type.invalid', message, {
      'api.endpointsGroup[].type': group.type,
    })
  }
  if (inheritConfiguration === true && group.sharedConfiguration === undefined) {
    const message = `Impossible to inherit from a null shared configuration for endpoint: ${name}`
    throw bad('endpoint.validationError', message)
  }
}

function checkName(name: string): void {
  if (!name.includes(':')) return
  throw bad('api.endpoint.invalid', `The endpoint named [${name}] is invalid.`, { endpoint: name })
}

/** A group that finds its endpoints by itself may have none. */
function discovers({ services }: EndpointGroupDefinition): boolean {
  const { discovery } = (services ?? {}) as { readonly discovery?: { readonly enabled?: boolean } }
  return discovery !== undefined && discovery !== null && discovery.enabled !== false
}
