import t from 'tap'
import type { TrustedProxies } from '../../../core/decide/mod.ts'
import type { TrustedProxiesConfig } from '../../../core/snapshot/types.ts'
import { inRange, parseAddress, parseRange } from '../../../core/decide/ip-range.ts'
import * as scene from './scene.ts'

function within(range: string, address: string): boolean | undefined {
  const parsed = parseRange(range)
  const bytes = parseAddress(address)
  return parsed && bytes && inRange(parsed, bytes)
}

t.test('IPv4 networks, also for addresses that are IPv4-mapped', (t) => {
  t.equal(within('10.0.0.0/8', '10.255.0.1'), true)
  t.equal(within('10.0.0.0/8', '11.0.0.1'), false)
  t.equal(within('10.0.0.0/8', '::ffff:10.1.2.3'), true)
  t.equal(within('10.0.0.0/8', '::ffff:a01:203'), true)
  t.equal(within('192.168.1.128/25', '192.168.1.127'), false)
  t.equal(within('192.168.1.128/25', '192.168.1.200'), true)
  t.equal(within('127.0.0.1', '127.0.0.1'), true, 'a single address')
  t.equal(within('127.0.0.1', '127.0.0.2'), false)
  t.equal(within('0.0.0.0/0', '8.8.8.8'), true)
  t.equal(within('0.0.0.0/0', '2001:db8::1'), false)
  t.end()
})

t.test('IPv6 networks', (t) => {
  t.equal(within('2001:db8::/32', '2001:db8:1::1'), true)
  t.equal(within('2001:db8::/32', '2001:db9::1'), false)
  t.equal(within('fe80::/10', 'fe80::1%eth0'), true, 'a zone is overlooked')
  t.equal(within('::1', '::1'), true)
  t.equal(within('::/0', '127.0.0.1'), true)
  t.equal(within('::ffff:10.0.0.0/104', '10.1.1.1'), true)
  t.end()
})

t.test('what is no address or network is none', (t) => {
  const bad = ['', 'x', '10.0.0', '10.0.0.256', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1', '1/2/3']
  for (
    const text of [...bad, '::/129', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', 'g::']
  ) {
    t.equal(parseRange(text), undefined, text)
  }
  for (const text of ['1:2:3:4:5:6:7::8', '12345::', '10.0.0.0x']) {
    t.equal(parseAddress(text), undefined, text)
  }
  t.end()
})

async function proxies(
  cidrs: string[],
  fingerprints: string[],
): Promise<TrustedProxies | undefined> {
  const trustedProxies = { cidrs, fingerprints, clientCertificateHeader: 'X-Client-Cert' }
  const snapshot = await scene.snapshotOf({ listeners: [scene.listener({ trustedProxies })] })
  return scene.mainOf(snapshot).trustedProxies
}

t.test('trusts: by address, and by certificate where fingerprints are listed', async (t) => {
  const byAddress = await proxies(['127.0.0.0/8', '::1'], [])
  t.equal(byAddress?.trusts('127.0.0.9', undefined), true)
  t.equal(byAddress?.trusts('::1', 'ab'), true)
  t.equal(byAddress?.trusts('192.0.2.1', undefined), false)
  t.equal(byAddress?.trusts('not an address', undefined), false)
  t.equal(byAddress?.clientCertificateHeader, 'x-client-cert')
  const both = await proxies(['127.0.0.0/8'], ['AB:CD'])
  t.equal(both?.trusts('127.0.0.9', 'abcd'), true)
  t.equal(both?.trusts('127.0.0.9', 'ef'), false)
  t.equal(both?.trusts('127.0.0.9', undefined), false)
  t.equal(both?.trusts('192.0.2.1', 'abcd'), false)
})

t.test('through the PROXY protocol and TLS an address alone makes no trusted proxy', async (t) => {
  const compiled = async (parts: Partial<TrustedProxiesConfig>) => {
    const trustedProxies = {
      cidrs: ['10.0.0.0/8'],
      fingerprints: [],
      clientCertificateHeader: undefined,
      ...parts,
    }
    const tls = [scene.tlsEntry(['a.test'])]
    const main = scene.listener({ tls, trustedProxies, proxyProtocol: true })
    return await scene.tryCompile({ listeners: [main] })
  }
  const byAddress = (await compiled({})).snapshot?.listeners.get('main')?.trustedProxies
  t.equal(byAddress?.sendsProxyHeader('10.1.2.3'), true)
  t.equal(byAddress?.sendsProxyHeader('192.0.2.1'), false)
  t.equal(byAddress?.trusts('10.1.2.3', undefined), false)
  const both = (await compiled({ fingerprints: ['ab'] })).snapshot?.listeners.get('main')
    ?.trustedProxies
  t.equal(both?.sendsProxyHeader('10.1.2.3'), true)
  t.equal(both?.trusts('10.1.2.3', 'ab'), true)
  t.equal(both?.trusts('10.1.2.3', undefined), false)
  const { problems } = await compiled({ clientCertificateHeader: 'x-client-cert' })
  t.match(problems, [{
    path: ['listeners', 0, 'trustedProxies', 'clientCertificateHeader'],
    message: /fingerprints are needed$/,
  }])
})

t.test('a network that cannot be read is told with its place', async (t) => {
  const trustedProxies = {
    cidrs: ['::1', '10.0.0.0/99'],
    fingerprints: [],
    clientCertificateHeader: undefined,
  }
  const { problems } = await scene.tryCompile({ listeners: [scene.listener({ trustedProxies })] })
  t.match(problems, [{
    severity: 'error',
    path: ['listeners', 0, 'trustedProxies', 'cidrs', 1],
    message: /^Could not read "10\.0\.0\.0\/99"/,
  }])
})
