import t from 'tap'
import { jsonPatch, mergePatch, PatchError } from '../../../../core/dialect/gravitee/json-patch.ts'
import { type Answer, apiBody, gravitee, planBody, type Scene, startedApi, V2 } from './scene.ts'

/** Sends steps of a JSON Patch, or whatever text with whatever type. */
async function steps(
  { dialect }: Scene,
  path: string,
  body: unknown,
  { type = 'application/json-patch+json', headers = {} }: {
    readonly type?: string
    readonly headers?: Record<string, string>
  } = {},
): Promise<Answer> {
  const request = new Request(`http://gateway${path}`, {
    method: 'PATCH',
    headers: { 'authorization': `Basic ${btoa('admin:admin')}`, 'content-type': type, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const caller = { address: '', secure: false, certificate: undefined }
  const answer = await dialect.api(request, caller)
  const text = await answer.text()
  const json = answer.headers.get('content-type')?.includes('json') === true
  return {
    status: answer.status,
    headers: answer.headers,
    body: json ? JSON.parse(text) : text,
  }
}

t.test('some fields of an API are changed', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { api } = await startedApi(scene, '/first', planBody('KEY_LESS'))
  const at = `${V2}/apis/${api}`
  const before = await ask('GET', at)
  const made = await ask('PATCH', at, { name: 'Other', labels: ['a'], lifecycleState: 'PUBLISHED' })
  t.match(made, {
    status: 200,
    body: { name: 'Other', labels: ['a'], lifecycleState: 'PUBLISHED', state: 'STARTED' },
  })
  t.same(made.body.listeners, before.body.listeners)
  t.same(made.body.endpointGroups, before.body.endpointGroups)
  t.match(made.headers.get('etag'), /^"\d+"$/)
  const tried = await ask('PATCH', `${at}?dryRun=true`, {
    name: 'Tried',
    lifecycleState: 'DEPRECATED',
  })
  t.match(tried, { status: 200, body: { name: 'Tried', lifecycleState: 'DEPRECATED' } })
  t.match((await ask('GET', at)).body, { name: 'Other', lifecycleState: 'PUBLISHED' })
  t.match(await ask('PATCH', at, { description: null, labels: null }), {
    status: 200,
    body: { description: '', labels: [] },
  })
  t.match(await steps(scene, at, { name: 'Merged' }, { type: 'application/merge-patch+json' }), {
    status: 200,
    body: { name: 'Merged' },
  })
  t.equal((await steps(scene, at, {}, { headers: { 'if-match': '"1"' } })).status, 412)
  t.equal((await steps(scene, at, {}, { type: 'text/plain' })).status, 415)
  t.equal((await ask('PATCH', at, { name: 'x' }, 'olga')).status, 403)
  t.equal((await ask('PATCH', `${V2}/apis/none`, { name: 'x' })).status, 404)
})

t.test('what is no patch of an API is refused', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { body: { id } } = await ask('POST', `${V2}/apis`, apiBody('/first'))
  await ask('POST', `${V2}/apis`, apiBody('/taken'))
  const at = `${V2}/apis/${id}`
  const refused = async (patch: unknown, message: string | RegExp): Promise<void> => {
    t.match(await ask('PATCH', at, patch), { status: 400, body: { message } }, String(message))
  }
  await refused(' ', 'Patch body is required')
  await refused('{', /^Invalid patch body: /)
  await refused([], 'JSON Merge Patch body must be a JSON object')
  await refused(
    { name: null },
    "'name' cannot be null; omit the field to leave it unchanged, or send an explicit value",
  )
  await refused({ visibility: 'HIDDEN' }, 'Invalid visibility value: HIDDEN')
  await refused({
    listeners: [{
      type: 'HTTP',
      paths: [{ path: '/taken' }],
      entrypoints: [{ type: 'http-proxy' }],
    }],
  }, 'Path [/taken/] already exists')
  t.match(await ask('PATCH', at, { state: 'STARTED' }), {
    status: 400,
    body: {
      message:
        "Field 'state' cannot be patched: use /_start or /_stop endpoints to change runtime state",
      parameters: { field: 'state' },
    },
  })
  await refused({ id: 'x' }, "Field 'id' cannot be patched: field is not patchable")
  const step = async (patch: unknown, message: string): Promise<void> => {
    t.match(await steps(scene, at, patch), { status: 400, body: { message } }, message)
  }
  await step({}, 'JSON Patch body must be a JSON array')
  await step([{ op: 'add' }], "JSON Patch operation at index 0 is missing required 'path' field")
  await step(
    [{ op: 'add', path: 'name', value: 'x' }],
    "JSON Patch operation at index 0 has 'path' value 'name' which is not a valid JSON Pointer: must start with '/'",
  )
  await step(
    [{ op: 'remove', path: '' }],
    "JSON Patch operation at index 0 has 'path' value '' which does not target a specific field",
  )
  await step(
    [{ op: 'move', path: '/name' }],
    "JSON Patch operation at index 0 is missing required 'from' field",
  )
  await step(
    [{ op: 'copy', from: '/crossId', path: '/name' }],
    "Field 'crossId' cannot be patched: field is not patchable",
  )
  await step(
    [{ op: 'test', path: '/name', value: 'x' }],
    'Failed to apply patch: value differs from expectations',
  )
  await step(
    [{ op: 'remove', path: '/labels/0' }],
    'Failed to apply patch: no such path in target JSON document',
  )
  await step(
    Array.from({ length: 201 }, () => ({ op: 'remove', path: '/labels' })),
    'JSON Patch request exceeds maximum of 200 operations',
  )
  const target = '/endpointGroups/0/endpoints/0/configuration/target'
  t.match(await steps(scene, at, [{ op: 'replace', path: target, value: 'http://x' }]), {
    status: 400,
    body: { parameters: { field: target } },
  })
  t.match(
    await steps(scene, at, [
      {
        op: 'replace',
        path: target.replace('/target', ''),
        value: { target: 'http://127.0.0.1:1' },
      },
      { op: 'add', path: '/labels', value: ['a'] },
      { op: 'add', path: '/labels/-', value: 'b' },
      { op: 'copy', from: '/name', path: '/description' },
    ]),
    {
      status: 200,
      body: {
        labels: ['a', 'b'],
        description: 'API /first',
        endpointGroups: [{ endpoints: [{ configuration: { target: 'http://127.0.0.1:1' } }] }],
      },
    },
  )
})

t.test('some fields of a plan are changed', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { api, plan } = await startedApi(scene, '/first', planBody('API_KEY'))
  const at = `${V2}/apis/${api}/plans/${plan}`
  const read = await ask('GET', at)
  t.equal(read.headers.get('etag'), `"${Date.parse(read.body.updatedAt)}"`)
  t.ok(read.headers.get('last-modified'))
  t.match(
    await ask('PATCH', at, { name: 'Gold', selectionRule: '{#request.headers["x"] != null}' }),
    {
      status: 200,
      body: { name: 'Gold', status: 'PUBLISHED', security: { type: 'API_KEY' } },
    },
  )
  t.match(await ask('PATCH', at, { selectionRule: null, characteristics: ['a'] }), {
    status: 200,
    body: { name: 'Gold', selectionRule: undefined, characteristics: ['a'] },
  })
  t.match(await ask('PATCH', `${at}?dryRun=true`, { name: 'Tried' }), { body: { name: 'Tried' } })
  t.match((await ask('GET', at)).body, { name: 'Gold' })
  t.match(await steps(scene, at, [{ op: 'replace', path: '/validation', value: 'AUTO' }]), {
    status: 200,
    body: { validation: 'AUTO' },
  })
  const refused = async (patch: unknown, body: Record<string, unknown>): Promise<void> => {
    t.match(await ask('PATCH', at, patch), { status: 400, body }, JSON.stringify(patch))
  }
  await refused({ status: 'CLOSED' }, {
    message: "Field 'status' cannot be patched: use plan lifecycle endpoints to change plan status",
    technicalCode: 'plan.patch.fieldNotAllowed',
    parameters: { field: 'status' },
  })
  await refused({ order: 3 }, {
    message: "Field 'order' cannot be patched: field is not patchable",
  })
  await refused({ name: null }, { message: "Field 'name' cannot be set to null" })
  await refused({ name: ' ' }, { message: "'name' cannot be blank" })
  await refused({ description: 3 }, { message: "Invalid value for field 'description'" })
  await refused({ validation: 'NEVER' }, { message: 'Invalid validation value: NEVER' })
  t.match(await steps(scene, at, [{ op: 'remove', path: '/tags/0' }]), {
    status: 400,
    body: {
      message:
        `Failed to apply patch on plan [${plan}] of API [${api}]: Failed to apply patch: no such path in target JSON document`,
    },
  })
  t.equal((await ask('PATCH', at, { name: 'x' }, 'olga')).status, 403)
  t.equal((await ask('PATCH', `${V2}/apis/${api}/plans/none`, { name: 'x' })).status, 404)
  const [flat] = (await ask('GET', `${V2}/apis/${api}/plans?fields=-flow`)).body.data
  t.notOk('flows' in flat)
})

t.test('patches by themselves', (t) => {
  t.same(mergePatch({ a: 1, b: { c: 2, d: 3 } }, { a: null, b: { c: null }, e: [1] }), {
    b: { d: 3 },
    e: [1],
  })
  t.same(mergePatch({ a: 1 }, JSON.parse('{"__proto__": 1}')), JSON.parse('{"a":1,"__proto__":1}'))
  const value = { a: [1, 2, 3], b: { 'c/d': { '~': 1 } } }
  const done = (...patch: Parameters<typeof jsonPatch>[1]): unknown => jsonPatch(value, patch)
  t.same(done({ op: 'add', path: '/a/1', value: 9 }), { ...value, a: [1, 9, 2, 3] })
  t.same(done({ op: 'remove', path: '/a/0' }), { ...value, a: [2, 3] })
  t.same(done({ op: 'move', from: '/a/0', path: '/a/2' }), { ...value, a: [2, 3, 1] })
  t.same(done({ op: 'replace', path: '/b/c~1d/~0', value: null }), {
    ...value,
    b: { 'c/d': { '~': null } },
  })
  t.same(done({ op: 'test', path: '/b', value: { 'c/d': { '~': 1 } } }), value)
  t.same(done({ op: 'replace', path: '', value: 1 }), 1)
  t.same(value.a, [1, 2, 3], 'the target stays as it is')
  for (
    const [step, message] of [
      [{ op: 'add', path: '/x/y', value: 1 }, 'parent of node to add does not exist'],
      [{ op: 'add', path: '/a/0/y', value: 1 }, 'parent of path to add to is not a container'],
      [{ op: 'add', path: '/a/x', value: 1 }, 'reference token is not an array index'],
      [{ op: 'add', path: '/a/4', value: 1 }, 'no such index in target array'],
      [{ op: 'add', path: '/a/0' }, "missing required 'value' field"],
      [{ op: 'replace', path: '/a/3', value: 1 }, 'no such path in target JSON document'],
      [{ op: 'remove', path: '/toString' }, 'no such path in target JSON document'],
      [{ op: 'move', from: '/b', path: '/b/c' }, 'cannot move a node into itself'],
      [{ op: 'turn', path: '/a' }, 'unknown operation "turn"'],
    ] as const
  ) {
    t.throws(() => done(step), new PatchError(message), message)
  }
  const copies = Array.from({ length: 40 }, () => ({ op: 'copy', from: '/a', path: '/a/-' }))
  t.throws(() => done(...copies), new PatchError('too much is copied'))
  t.end()
})
