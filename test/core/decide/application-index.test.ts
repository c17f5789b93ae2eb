import t from 'tap'
import { changeApplications } from '../../../core/decide/mod.ts'
import type { ApplicationIndex, Snapshot } from '../../../core/decide/mod.ts'
import type { ApplicationConfig } from '../../../core/snapshot/types.ts'
import * as scene from './scene.ts'
import { cert, certificate } from './scene.ts'

function many(count: number): ApplicationConfig[] {
  return Array.from({ length: count }, (_, index) =>
    scene.application(`a${index}`, {
      apiKeys: [{ key: `k${index}`, from: undefined, until: undefined }],
    }))
}

function owner(index: ApplicationIndex, line: string): string | undefined {
  return index.byCertificate(certificate(line).sha256)?.application.name
}

function names(index: ApplicationIndex): string[] {
  return [...index].map(({ name }) => name).sort()
}

async function changed(
  snapshot: Snapshot,
  put: ApplicationConfig[],
  remove: string[] = [],
): Promise<Snapshot> {
  const result = await changeApplications(snapshot, { put, remove }, scene.options())
  if (result.snapshot === undefined) throw new Error(JSON.stringify(result.problems))
  return result.snapshot
}

t.test('applications are found by name, certificate and API key', async (t) => {
  const { applications } = await scene.snapshotOf({ applications: many(3) })
  t.equal(applications.size, 3)
  t.equal(applications.get('a1')?.name, 'a1')
  t.equal(owner(applications, 'a2'), 'a2')
  t.equal(applications.byApiKey('k0')?.application.name, 'a0')
  t.equal(applications.byApiKey('k9'), undefined)
  t.equal(owner(applications, 'x'), undefined)
})

t.test('changeApplications adds, replaces and removes beside the snapshot in use', async (t) => {
  const before = await scene.snapshotOf({ applications: many(3) })
  const renewed = [cert('a1'), cert('a1-new')]
    .map((each) => ({ cert: each, from: undefined, until: undefined }))
  const after = await changed(before, [
    scene.application('a1', { certificates: renewed }),
    scene.application('b'),
  ], ['a0'])
  t.same(names(after.applications), ['a1', 'a2', 'b'])
  t.equal(after.applications.size, 3)
  t.equal(owner(after.applications, 'a1'), 'a1')
  t.equal(owner(after.applications, 'a1-new'), 'a1')
  t.equal(owner(after.applications, 'b'), 'b')
  t.equal(owner(after.applications, 'a0'), undefined)
  t.equal(after.applications.byApiKey('k0'), undefined)
  t.equal(after.applications.byApiKey('k1'), undefined, 'the new a1 has no key')
  t.equal(after.applications.byApiKey('k2')?.application.name, 'a2')
  t.same(names(before.applications), ['a0', 'a1', 'a2'], 'the one in use stays as it is')
  t.equal(owner(before.applications, 'a1-new'), undefined)
  t.equal(after.routes, before.routes)
  t.same(after.configuration.applications.map(({ name }) => name), ['a1', 'a2', 'b'])
})

t.test('a certificate may move to another application once the first has let go of it', async (t) => {
  const before = await scene.snapshotOf({ applications: many(2) })
  const taking = scene.application('b', {
    certificates: [{ cert: cert('a0'), from: undefined, until: undefined }],
  })
  const result = await changeApplications(before, { put: [taking], remove: [] }, scene.options())
  t.equal(result.snapshot, undefined)
  t.match(result.problems, [{
    path: ['put', 0, 'certificates', 0, 'cert'],
    message: /both "a0" and "b" claim it/,
  }])
  const after = await changed(before, [taking], ['a0'])
  t.equal(owner(after.applications, 'a0'), 'b')
  const back = await changed(after, many(1), ['b'])
  t.equal(owner(back.applications, 'a0'), 'a0')
  t.same(names(back.applications), ['a0', 'a1'])
})

t.test('long series of changes agree with building anew', async (t) => {
  let snapshot = await scene.snapshotOf({ applications: many(20) })
  const expected = new Set(names(snapshot.applications))
  for (let round = 0; round < 700; round++) {
    const name = `a${round * 7 % 31}`
    if (expected.delete(name)) snapshot = await changed(snapshot, [], [name])
    else {
      expected.add(name)
      snapshot = await changed(snapshot, [scene.application(name)])
    }
  }
  t.same(names(snapshot.applications), [...expected].sort())
  t.equal(snapshot.applications.size, expected.size)
  for (let index = 0; index < 31; index++) {
    const name = `a${index}`
    if (owner(snapshot.applications, name) !== (expected.has(name) ? name : undefined)) t.fail(name)
  }
})

t.test('a whole configuration with one application changed indexes only the change', async (t) => {
  const before = await scene.snapshotOf({ applications: many(50) })
  let read = 0
  const pki = {
    ...scene.fakePki,
    readCertificates: (data: Uint8Array) => {
      read++
      return scene.fakePki.readCertificates(data)
    },
  }
  const applications = [...many(50).slice(1), scene.application('b')]
  const after = await scene.snapshotOf({ applications }, { previous: before, pki })
  t.equal(read, 1)
  t.equal(after.applications.get('a7'), before.applications.get('a7'))
  t.equal(owner(after.applications, 'a0'), undefined)
  t.equal(owner(after.applications, 'b'), 'b')
})

t.test('an unreadable certificate leaves the applications as they are', async (t) => {
  const before = await scene.snapshotOf({ applications: many(1) })
  const certificates = [{ cert: scene.text('bad', 'bad.crt'), from: undefined, until: undefined }]
  const put = [scene.application('b', { certificates })]
  const { snapshot, problems } = await changeApplications(
    before,
    { put, remove: [] },
    scene.options(),
  )
  t.equal(snapshot, undefined)
  t.match(problems, [{ path: ['put', 0, 'certificates', 0, 'cert'] }])
  t.equal(before.applications.size, 1)
})

t.test('an application that comes twice in one change is an error', async (t) => {
  const before = await scene.snapshotOf({})
  const put = [scene.application('b'), scene.application('b')]
  const { snapshot, problems } = await changeApplications(
    before,
    { put, remove: [] },
    scene.options(),
  )
  t.equal(snapshot, undefined)
  t.match(problems, [{ path: ['put', 1], message: /it comes twice$/ }])
})
