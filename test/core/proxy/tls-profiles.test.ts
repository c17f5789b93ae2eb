import t from 'tap'
import type { Credentials, TlsServerProfile } from '../../../core/port/mod.ts'
import {
  chooseCredentials,
  type ProfileQuestion,
  TlsProfiles,
} from '../../../core/proxy/tls-profiles.ts'
import type { ClientHello } from '../../../core/wire/mod.ts'

const HOUR = 3_600_000

function credentials(keyType: string): Credentials {
  return { chain: `chain ${keyType}`, key: `key ${keyType}`, keyType }
}

function entry(...keyTypes: string[]): TlsServerProfile {
  return {
    id: 'entry',
    credentials: keyTypes.map(credentials),
    clientMode: 'request',
    alpn: ['http/1.1'],
    minVersion: 'TLSv1.2',
    authorities: '',
    ticketKey: new Uint8Array(48).fill(7),
  }
}

function hello(parts: Partial<ClientHello> = {}): ClientHello {
  const versions = [0x0304, 0x0303]
  const signatureSchemes = [0x0403, 0x0804]
  return {
    ...{ kind: 'hello', sni: 'a.test', alpn: [], versions, ciphers: [0x1301], signatureSchemes },
    ...parts,
  }
}

function question(parts: Partial<ProfileQuestion> = {}): ProfileQuestion {
  return { hello: hello(), choosesCredentials: true, now: 5 * HOUR, rotate: HOUR, ...parts }
}

t.test('a profile has an id and a ticket key for each name and span of time', async (t) => {
  const profiles = new TlsProfiles()
  const at = (parts: Partial<ProfileQuestion>) => profiles.for(entry('RSA'), question(parts))
  const all = [
    await at({}),
    await at({ hello: hello({ sni: 'b.test' }) }),
    await at({ hello: hello({ sni: '' }) }),
    await at({ now: 6 * HOUR }),
    await at({ rotate: 2 * HOUR }),
    await profiles.for({ ...entry('RSA'), id: 'other' }, question()),
  ]
  t.equal(new Set(all.map(({ id }) => id)).size, all.length)
  const keys = new Set(all.map(({ ticketKey }) => ticketKey.join()))
  t.equal(keys.size, all.length - 1, 'entries have keys of their own before')
  t.ok(all.every(({ ticketKey }) => ticketKey.length === 48))
  t.equal(await at({ now: 6 * HOUR - 1 }), all[0], 'the same until the span ends')
  const elsewhere = await new TlsProfiles().for(entry('RSA'), question())
  t.same(elsewhere, all[0], 'another process comes to the same')
})

t.test('profiles are bounded, and those in use stay', async (t) => {
  const profiles = new TlsProfiles()
  const of = (sni: string) => profiles.for(entry('RSA'), question({ hello: hello({ sni }) }))
  const used = await of('used.test')
  const idle = await of('idle.test')
  for (let i = 0; i < 5000; i++) {
    await of(`n${i}.test`)
    if (i % 1000 === 0) await of('used.test')
  }
  t.equal(await of('used.test'), used)
  t.not(await of('idle.test'), idle)
  t.same(await of('idle.test'), idle)
})

t.test('several credentials: all for a stack that chooses, else the one that fits', async (t) => {
  const profiles = new TlsProfiles()
  const both = entry('EC P-256', 'RSA')
  const all = await profiles.for(both, question())
  t.equal(all.credentials.length, 2)
  const first = await profiles.for(both, question({ choosesCredentials: false }))
  t.same(first.credentials.map(({ keyType }) => keyType), ['EC P-256'])
  const old = hello({ signatureSchemes: [0x0804] })
  const second = await profiles.for(both, question({ choosesCredentials: false, hello: old }))
  t.same(second.credentials.map(({ keyType }) => keyType), ['RSA'])
  t.equal(new Set([all.id, first.id, second.id]).size, 3)
})

t.test('chooseCredentials goes by signature schemes, and below TLS 1.3 by cipher suites', (t) => {
  const offered = ['Ed25519', 'EC P-384', 'RSA'].map(credentials)
  const choice = (parts: Partial<ClientHello>): string | undefined =>
    chooseCredentials(offered, hello(parts))?.keyType
  t.equal(choice({ signatureSchemes: [0x0807, 0x0503] }), 'Ed25519')
  t.equal(choice({ signatureSchemes: [0x0804, 0x0503] }), 'EC P-384')
  t.equal(choice({ signatureSchemes: [0x0403, 0x0401] }), 'RSA', 'P-256 is not P-384')
  t.equal(choice({ signatureSchemes: [] }), 'RSA')
  t.equal(choice({ signatureSchemes: [0x0203] }), 'Ed25519', 'none fits: the first')
  const tls12 = { versions: [0x0303], signatureSchemes: [0x0503, 0x0401] }
  t.equal(choice({ ...tls12, ciphers: [0xc02f, 0x00ff] }), 'RSA')
  t.equal(choice({ ...tls12, ciphers: [0xc02f, 0xc02c] }), 'EC P-384')
  t.equal(choice({ ...tls12, signatureSchemes: [0x0503], ciphers: [0xc02f] }), 'Ed25519')
  t.end()
})
