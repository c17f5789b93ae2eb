import type { Part } from './exchange.ts'

/** There is one organization and one environment. */
const ORGANIZATION = {
  id: 'DEFAULT',
  hrids: ['default'],
  name: 'Default organization',
  description: 'Default organization',
}
const ENVIRONMENT = {
  id: 'DEFAULT',
  hrids: ['default'],
  name: 'Default environment',
  description: 'Default environment',
  organizationId: 'DEFAULT',
}

/** What both versions of the API tell of where they are, and of whoever asks. */
export function addPlaces(app: Part): void {
  for (const base of ['/management', '/management/v2']) {
    const organization = `${base}/organizations/:organization`
    app.get(organization, (call) => call.json(ORGANIZATION))
    app.get(`${organization}/environments/:environment`, (call) => call.json(ENVIRONMENT))
  }
  const list = '/organizations/:organization/environments'
  app.get(`/management${list}`, (call) => call.json([ENVIRONMENT]))
  for (const path of ['/management/v2/environments', `/management/v2${list}`]) {
    app.get(path, (call) =>
      call.json({
        data: [ENVIRONMENT],
        pagination: { page: 1, perPage: 10, pageCount: 1, pageItemsCount: 1, totalCount: 1 },
        links: { self: call.req.url },
      }))
  }
  app.get('/management/v2/environments/:environment', (call) => call.json(ENVIRONMENT))
  app.get('/management/organizations/:organization/user', (call) => {
    const { name, role } = call.var.actor
    const roles = [
      { scope: 'ORGANIZATION', name: role === 'admin' ? 'ADMIN' : 'USER' },
      { scope: 'ENVIRONMENT', name: ROLES[role] },
    ]
    return call.json({ id: name, username: name, displayName: name, source: 'memory', roles })
  })
}

const ROLES = { admin: 'ADMIN', publisher: 'API_PUBLISHER', owner: 'USER' } as const
