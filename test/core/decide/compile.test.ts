import t from 'tap'
import { type CompileResult, expiries } from '../../../core/decide/mod.ts'
import type { ListenerConfig, UpstreamTlsConfig } from '../../../core/snapshot/types.ts'
import * as scene from './scene.ts'
import { cert, clients, DAY, keyPair, listener, mainOf, NOW, text, tlsEntry } from './scene.ts'

/** `severity path: message` of each problem. */
function told({ problems }: CompileResult): string[] {
  return problems.map(({ severity, path, message }) => `${severity} ${path.join('.')}: ${message}`)
}

async function problemsOf(parts: scene.Parts): Promise<string[]> {
  return told(await scene.tryCompile(parts))
}

function tls(...entries: ListenerConfig['tls'][number][]): scene.Parts {
  return { listeners: [listener({ tls: entries })] }
}

t.test('a key that does not fit its certificate: both are named', async (t) => {
  const entry = {
    ...tlsEntry(['test.com']),
    certificates: [{ ...keyPair('other'), cert: cert('test.com') }],
  }
  const result = await scene.tryCompile(tls(entry))
  t.equal(result.snapshot, undefined)
  t.same(told(result), [
    'error listeners.0.tls.0.certificate: Could not use certificate "test.com.crt" with key ' +
    '"other.key": it belongs to another',
  ])
})

t.test('content that cannot be read: where it stands and what it is', async (t) => {
  const damaged = text('nonsense', 'damaged.crt')
  t.same(
    await problemsOf(tls(tlsEntry(['a'], clients({ mode: 'require', ca: [cert('ca'), damaged] })))),
    [
      'error listeners.0.tls.0.clients.ca.1: Could not read certificates from "damaged.crt": ' +
      'The content is damaged',
    ],
  )
  const pkcs12 = { pkcs12: text('nonsense', 'gw.p12'), passphrase: 'x' }
  t.same(await problemsOf(tls({ ...tlsEntry(['a']), certificates: [pkcs12] })), [
    'error listeners.0.tls.0.certificate: Could not use PKCS#12 "gw.p12": The content is damaged',
  ])
  const certificates = [{ cert: damaged, from: undefined, until: undefined }]
  t.same(await problemsOf({ applications: [scene.application('acme', { certificates })] }), [
    'error applications.0.certificates.0.cert: Could not read certificate "damaged.crt" of ' +
    'application "acme": The content is damaged',
  ])
})

t.test('all problems are told at once', async (t) => {
  const found = await problemsOf({
    listeners: [
      listener({ tls: [tlsEntry(['a'], clients({ mode: 'require', ca: [text('bad')] }))] }),
      listener({
        name: 'second',
        tls: [tlsEntry(['b'], clients({ mode: 'require', ca: [text('bad')] }))],
      }),
    ],
    routes: [scene.route('lost', {}, { upstream: 'nowhere' })],
  })
  t.equal(found.length, 3)
  t.match(found[2], /^error routes\.0\.upstream: Could not route "lost" to upstream "nowhere"/)
})

t.test('CRLs are read, bounded, and warned about when stale', async (t) => {
  const policy = (crl: ReturnType<typeof text>): scene.Parts =>
    tls(tlsEntry(['a'], clients({ mode: 'require', ca: [cert('ca')], crl: [crl] })))
  t.same(await problemsOf(policy(text('crl ca 5', 'ca.crl'))), [])
  t.match(await problemsOf(policy(text('crl ca -1', 'ca.crl'))), [
    /^warning listeners\.0\.tls\.0\.clients\.crl: CRL of "ca" for listener "main" for "a" is stale/,
  ])
  t.match(await problemsOf(policy(text('bad', 'bad.crl'))), [
    /^error listeners\.0\.tls\.0\.clients\.crl\.0: Could not read CRL "bad\.crl"/,
  ])
  t.match(await problemsOf(policy(text('crl ' + 'a'.repeat(2000), 'big.crl'))), [
    /^error .*Could not read CRL "big\.crl": it has 2004 bytes/,
  ])
})

t.test('a policy that trusts nobody is an error', async (t) => {
  for (const mode of ['require', 'request'] as const) {
    const policy = clients({ mode, ca: [], applications: false })
    t.same(await problemsOf(tls(tlsEntry(['test.com'], policy))), [
      `error listeners.0.tls.0.clients: Could not set clients.mode "${mode}" of listener "main" for ` +
      '"test.com": it has neither ca nor applications',
    ])
  }
  t.same(await problemsOf(tls(tlsEntry(['a'], clients({ ca: [], applications: false })))), [])
})

t.test('a leaf among the anchors is fine', async (t) => {
  const policy = clients({ mode: 'require', ca: [cert('leaf')] })
  t.same(await problemsOf(tls(tlsEntry(['a'], policy))), [])
})

t.test('a certificate that two applications claim: both are named', async (t) => {
  const certificates = [{ cert: text('cert acme', 'copy.crt'), from: undefined, until: undefined }]
  const applications = [scene.application('acme'), scene.application('beta', { certificates })]
  const { sha256 } = scene.certificate('acme')
  t.same(await problemsOf({ applications }), [
    `error applications.1.certificates.0.cert: Could not add certificate "copy.crt" (SHA-256 ${sha256}): ` +
    'both "acme" and "beta" claim it',
  ])
})

t.test('a certificate that one application lists twice, and an API key of two', async (t) => {
  const twice = [cert('acme'), cert('acme')]
    .map((each) => ({ cert: each, from: undefined, until: undefined }))
  t.match(
    await problemsOf({ applications: [scene.application('acme', { certificates: twice })] }),
    [
      /^error applications\.0\.certificates\.1\.cert: .* the application has it already$/,
    ],
  )
  const apiKeys = [{ key: 's3cr3t', from: undefined, until: undefined }]
  const found = await problemsOf({
    applications: [scene.application('a', { apiKeys }), scene.application('b', { apiKeys })],
  })
  t.same(found, [
    'error applications.1.apiKeys: Could not add an API key of application "b": both "a" and "b" claim it',
  ])
})

t.test('names that are taken', async (t) => {
  const found = await problemsOf({
    listeners: [listener(), listener()],
    apis: [scene.api('orders', ['mtls']), scene.api('orders', ['keyless'])],
    applications: [scene.application('acme'), scene.application('acme')],
  })
  t.equal(found.filter((each) => each.endsWith('the name is taken')).length, 3)
})

t.test('expired certificates are warned about, with days', async (t) => {
  const found = await problemsOf({
    ...tls(tlsEntry(['gw -3'], clients({ mode: 'require', ca: [cert('ca -1')] }), 'gw')),
    applications: [
      scene.application('old', {
        certificates: [
          { cert: cert('old -2'), from: undefined, until: undefined },
          { cert: cert('new 29'), from: undefined, until: undefined },
          { cert: cert('later 31'), from: undefined, until: undefined },
        ],
      }),
    ],
  })
  t.match(found.filter((each) => /expire/.test(each)), [
    /^warning listeners\.0\.tls\.0\.clients\.ca: CA of listener "main" .* expired 1 day ago$/,
    /^warning applications\.0\.certificates\.0: Certificate of application "old", "CN=old", expired 2 days ago$/,
    /^warning applications\.0\.certificates\.1: .* expires in 29 days$/,
  ])
  const { snapshot } = await scene.tryCompile(tls(tlsEntry(['gw'])))
  t.ok(snapshot, 'warnings do not stand in the way')
})

t.test('many expiry warnings are counted, not told one by one', async (t) => {
  const applications = Array.from({ length: 130 }, (_, index) => {
    const certificates = [{ cert: cert(`a${index} -1`), from: undefined, until: undefined }]
    return scene.application(`a${index}`, { certificates })
  })
  const found = await problemsOf({ applications })
  t.equal(found.length, 101)
  t.match(found[100], /^warning applications: 30 more certificates/)
})

t.test('certificates that are wanted but never asked for are warned about', async (t) => {
  const routes = [scene.route('closed', {}, { requireCertificate: true })]
  const apis = [scene.api('orders', ['mtls', 'keyless'])]
  t.same(await problemsOf({ apis, routes }), [
    'warning listeners: No listener asks clients for certificates, but "orders" and 1 more want them',
  ])
  t.same(await problemsOf({ apis, ...tls(tlsEntry(['a'], clients({ mode: 'request' }))) }), [])
  t.same(await problemsOf({ apis: [scene.api('orders', ['keyless'])] }), [])
})

t.test('routes that are never reached are warned about', async (t) => {
  const routes = [scene.route('first', { paths: ['/a'] }), scene.route('second', { paths: ['/a'] })]
  t.same(await problemsOf({ routes }), [
    'warning routes.1: Route "second" is never reached: "first" takes its requests',
  ])
})

t.test('a name in two entries: a warning, and an error where their client policies differ', async (t) => {
  t.match(await problemsOf(tls(tlsEntry(['a.test']), tlsEntry(['a.test']))), [
    /^warning listeners\.0\.tls\.1: Could not show "CN=a\.test" for "a\.test"/,
  ])
  const strict = clients({ mode: 'require', ca: [cert('ca')] })
  t.match(await problemsOf(tls(tlsEntry(['a.test']), tlsEntry(['a.test'], strict))), [
    /^error listeners\.0\.tls\.1: .* with another client policy$/,
  ])
})

t.test('a server certificate that does not speak for its name is warned about', async (t) => {
  t.match(await problemsOf(tls(tlsEntry(['a.test'], clients(), 'b.test'))), [
    /^warning listeners\.0\.tls\.0\.certificate: .* for "a\.test": the certificate does not speak for that name$/,
  ])
})

t.test('several certificates for the same names: each with a key of another type', async (t) => {
  const both = {
    ...tlsEntry(['a.test']),
    certificates: [keyPair('a.test', 'RSA'), keyPair('a.test')],
  }
  const name = mainOf(await scene.snapshotOf(tls(both))).names.select('a.test')
  t.same(name?.profile.credentials.map(({ keyType }) => keyType), ['RSA', 'EC P-256'])
  t.same(name?.certificates.map(({ subject }) => subject), ['CN=a.test', 'CN=a.test'])
  const alike = [keyPair('a.test', 'EC P-384'), keyPair('a.test')]
  t.same(await problemsOf(tls({ ...both, certificates: alike })), [
    'error listeners.0.tls.0.certificate.1: Could not add certificate "CN=a.test": ' +
    'another one of these names has a key of type EC, too',
  ])
  t.match(
    await problemsOf(tls({ ...both, certificates: [keyPair('b'), keyPair('a.test', 'RSA')] })),
    [
      /^warning listeners\.0\.tls\.0\.certificate\.0: .* does not speak for that name$/,
    ],
  )
})

t.test('TLS profiles: id and ticket key cover names, key, policy and versions', async (t) => {
  const base = tlsEntry(['a.test'], clients(), 'a.test')
  const strict = clients({ mode: 'require', ca: [cert('ca')] })
  const variants = [
    base,
    { ...base, names: ['a.test', 'b.test'] },
    { ...base, clients: strict },
    { ...base, clients: { ...strict, depth: 1 } },
    { ...base, clients: { ...strict, sendAuthorities: true } },
    { ...base, minVersion: 'TLSv1.3' as const },
    { ...base, http2: false },
    tlsEntry(['a.test'], clients(), 'other'),
  ]
  const profiles = []
  for (const variant of variants) {
    profiles.push(mainOf(await scene.snapshotOf(tls(variant))).names.select('a.test')?.profile)
  }
  t.equal(new Set(profiles.map((profile) => profile?.id)).size, variants.length)
  t.equal(new Set(profiles.map((profile) => profile?.ticketKey.join())).size, variants.length)
  t.ok(profiles.every((profile) => profile?.ticketKey.length === 48))
  t.equal(profiles[3]?.authorities, '')
  t.match(
    profiles[4]?.authorities,
    /^-----BEGIN CERTIFICATE-----\n[^]*-----END CERTIFICATE-----\n$/,
  )
  const again = mainOf(await scene.snapshotOf(tls(base))).names.select('a.test')?.profile
  t.same(again, profiles[0], 'processes that share a secret share tickets')
  const secret = new Uint8Array(32).fill(8)
  const other = mainOf(await scene.snapshotOf(tls(base), { secret })).names.select('a.test')
    ?.profile
  t.not(other?.ticketKey.join(), profiles[0]?.ticketKey.join())
})

const tlsUpstream = (ca: ReturnType<typeof cert>[], verify = true) =>
  scene.upstream('backend', {
    endpoints: [
      scene.endpoint('b1.test', 443, 2),
      scene.endpoint('10.0.0.8', 443),
      scene.endpoint('::1', 443, 0),
    ],
    tls: {
      verify,
      checkName: true,
      trust: scene.trust({ ca }),
      certificate: { cert: cert('gw'), key: text('key gw', 'gw.key'), passphrase: undefined },
      name: undefined,
    },
  })

t.test('upstreams: endpoints are dialled and checked by their own name', async (t) => {
  const snapshot = await scene.snapshotOf({ upstreams: { backend: tlsUpstream([cert('ca')]) } })
  const found = snapshot.upstreams.get('backend')
  t.same(found?.endpoints.map(({ address }) => address), [
    'b1.test:443',
    '10.0.0.8:443',
    '[::1]:443',
  ])
  t.same(found?.endpoints.map(({ name }) => name), ['b1.test', '10.0.0.8', '::1'])
  t.same(
    found?.endpoints.map(({ tls }) => tls?.serverName),
    ['b1.test', '', ''],
    'an address is no SNI',
  )
  t.match(found?.endpoints[0]?.tls?.credentials, { chain: 'CN=gw', key: 'key gw' })
  t.match(found?.verification, { depth: 3, truststore: { anchors: [{ subject: 'CN=ca' }] } })
  t.equal(found?.hostFor('shop.test', found.endpoints[2] as never), 'shop.test')
})

t.test('upstreams: a configured name and host rule', async (t) => {
  const backend = tlsUpstream([cert('ca')])
  const named = {
    ...backend,
    tls: { ...(backend.tls as UpstreamTlsConfig), name: 'orders.internal' },
  }
  const snapshot = await scene.snapshotOf({
    upstreams: { a: { ...named, host: 'endpoint' }, b: { ...named, host: { name: 'fixed.test' } } },
  })
  const a = snapshot.upstreams.get('a')
  t.equal(a?.endpoints[1]?.tls?.serverName, 'orders.internal')
  t.equal(a?.endpoints[1]?.name, 'orders.internal')
  t.equal(a?.hostFor('shop.test', a.endpoints[2] as never), '[::1]:443')
  t.equal(snapshot.upstreams.get('b')?.hostFor('shop.test', a?.endpoints[0] as never), 'fixed.test')
})

t.test('Backends are verified by default', async (t) => {
  const system = await scene.snapshotOf({ upstreams: { backend: tlsUpstream([]) } })
  t.match(system.upstreams.get('backend')?.verification?.truststore.anchors, [{
    subject: 'CN=system-root',
  }])
  const off = await scene.tryCompile({ upstreams: { backend: tlsUpstream([], false) } })
  t.same(told(off), [
    'warning upstreams.backend.tls.verify: Endpoints of upstream "backend" are not verified',
  ])
  t.equal(off.snapshot?.upstreams.get('backend')?.verification, undefined)
  const none = await scene.tryCompile({ upstreams: { backend: tlsUpstream([]) } }, {
    systemRoots: () => [],
  })
  t.same(told(none), [
    'error upstreams.backend.tls: Could not find roots to verify endpoints with: no ca is set, and the host has none',
  ])
})

t.test('system roots are asked for only where an upstream needs them, and once', async (t) => {
  let asked = 0
  const systemRoots = (): string[] => {
    asked++
    return ['cert root', 'nonsense']
  }
  await scene.snapshotOf({ upstreams: { backend: tlsUpstream([cert('ca')]) } }, { systemRoots })
  t.equal(asked, 0)
  const upstreams = { a: tlsUpstream([]), b: tlsUpstream([]) }
  await scene.snapshotOf({ upstreams }, { systemRoots })
  t.equal(asked, 1)
})

function everything(): scene.Parts {
  const strict = clients({ mode: 'require', ca: [cert('ca')] })
  return {
    listeners: [listener({ tls: [tlsEntry(['a.test'], strict), tlsEntry(['b.test'], strict)] })],
    upstreams: { backend: tlsUpstream([cert('ca')]), plain: scene.upstream('plain') },
    apis: [scene.api('orders', ['mtls'])],
    routes: [scene.route('ip')],
    applications: [scene.application('acme')],
  }
}

t.test('equal content keeps its identity across snapshots', async (t) => {
  const before = await scene.snapshotOf(everything())
  const after = await scene.snapshotOf(everything(), { previous: before })
  t.not(after, before)
  for (const [index, { profile, policy }] of mainOf(before).tls.entries()) {
    t.equal(mainOf(after).tls[index]?.profile, profile)
    t.equal(mainOf(after).tls[index]?.policy, policy)
    t.equal(mainOf(after).tls[index]?.policy.truststore, policy.truststore)
  }
  t.equal(mainOf(after).tls[0]?.policy, mainOf(after).tls[1]?.policy, 'equal policies are one')
  t.equal(after.upstreams.get('backend'), before.upstreams.get('backend'))
  t.equal(after.upstreams.get('plain'), before.upstreams.get('plain'))
  t.equal(after.routes, before.routes)
  t.equal(after.applications, before.applications)
})

t.test('a change touches what depends on it, and nothing else', async (t) => {
  const before = await scene.snapshotOf(everything())
  const changed = everything()
  const backend = { ...tlsUpstream([cert('ca')]), retries: 7 }
  const after = await scene.snapshotOf(
    { ...changed, upstreams: { ...changed.upstreams, backend } },
    { previous: before },
  )
  t.not(after.upstreams.get('backend'), before.upstreams.get('backend'))
  t.equal(
    after.upstreams.get('backend')?.endpoints[0]?.key,
    before.upstreams.get('backend')?.endpoints[0]?.key,
    'connections can stay',
  )
  t.equal(after.upstreams.get('plain'), before.upstreams.get('plain'))
  t.equal(after.routes, before.routes, 'routes name it alone')
  t.equal(after.upstreams.get('backend')?.config.retries, 7)
})

t.test('what is known of endpoints outlives changes, also those between which nobody asks', async (t) => {
  for (const name of ['plain', 'backend'] as const) {
    const before = await scene.snapshotOf(everything())
    const known = before.upstreams.get(name)?.balancer.endpoints[0]?.vitals
    t.ok(known)
    let last = before
    for (const retries of [7, 8, 9]) {
      const own = name === 'plain' ? scene.upstream('plain') : tlsUpstream([cert('ca')])
      const all = everything()
      const upstreams = { ...all.upstreams, [name]: { ...own, retries } }
      last = await scene.snapshotOf({ ...all, upstreams }, { previous: last })
    }
    t.equal(last.upstreams.get(name)?.config.retries, 9)
    t.equal(last.upstreams.get(name)?.balancer.endpoints[0]?.vitals, known, name)
  }
})

/** Counts the key pairs that are read. */
function counting(): { readonly pki: typeof scene.fakePki; count(): number } {
  let read = 0
  const readKeyPair: typeof scene.fakePki.readKeyPair = (...question) => {
    read++
    return scene.fakePki.readKeyPair(...question)
  }
  return { pki: { ...scene.fakePki, readKeyPair }, count: () => read }
}

t.test('what is equal is not read again, wherever it stands', async (t) => {
  const entries = (...names: string[]): scene.Parts => ({
    ...tls(...names.map((name) => tlsEntry([name]))),
    upstreams: { backend: tlsUpstream([cert('ca')]) },
  })
  const before = await scene.snapshotOf(entries('a', 'b', 'c', 'd'))
  const { pki, count } = counting()
  const after = await scene.snapshotOf(entries('new', 'c', 'a', 'd'), { previous: before, pki })
  t.equal(count(), 1)
  t.same(mainOf(after).tls.map(({ names }) => names[0]), ['new', 'c', 'a', 'd'])
  for (const name of ['a', 'c', 'd']) {
    t.equal(mainOf(after).names.select(name), mainOf(before).names.select(name))
  }
  t.equal(mainOf(after).names.select('b'), undefined)
  t.same(
    expiries(after, NOW).map(({ usedBy }) => usedBy).filter((usedBy) =>
      !/application/.test(usedBy)
    ),
    [
      'listener "main" for "new"',
      'listener "main" for "c"',
      'listener "main" for "a"',
      'listener "main" for "d"',
      'upstream "backend"',
      'upstream "backend"',
    ],
  )
})

t.test('another secret: profiles are made anew', async (t) => {
  const before = await scene.snapshotOf(everything())
  const profileOf = async (more: Parameters<typeof scene.snapshotOf>[1]) =>
    mainOf(await scene.snapshotOf(everything(), { previous: before, ...more })).tls[0]?.profile
  const profile = mainOf(before).tls[0]?.profile
  t.equal(await profileOf({}), profile)
  t.same(profile?.alpn, ['h2', 'http/1.1'])
  const secret = new Uint8Array(32).fill(9)
  t.not((await profileOf({ secret }))?.ticketKey.join(), profile?.ticketKey.join())
})

t.test('endpoints keep their health when an upstream changes', async (t) => {
  const before = await scene.snapshotOf({})
  const state = before.upstreams.get('backend')?.balancer.endpoints[0]
  if (state !== undefined) state.vitals.restsUntil = NOW + DAY
  const backend = scene.upstream('backend', { retries: 9 })
  const after = await scene.snapshotOf({ upstreams: { backend } }, { previous: before })
  t.equal(after.upstreams.get('backend')?.balancer.endpoints[0]?.vitals.restsUntil, NOW + DAY)
})

t.test('a failed build changes nothing', async (t) => {
  const before = await scene.snapshotOf(everything())
  const kept = JSON.stringify([...before.upstreams])
  const bad = { ...everything(), routes: [scene.route('lost', {}, { upstream: 'nowhere' })] }
  const { snapshot } = await scene.tryCompile(bad, { previous: before })
  t.equal(snapshot, undefined)
  t.equal(JSON.stringify([...before.upstreams]), kept)
  t.equal(before.applications.size, 1)
})
