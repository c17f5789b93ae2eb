import t from 'tap'
import { ipv6Bytes, ipv6Text, isIpv4, isIpv6, parseAuthority } from '../../../core/wire/mod.ts'

t.test('ipv6Text writes addresses as RFC 5952 wants them', (t) => {
  const texts = {
    '2001:0DB8:0:0:0:0:0:1': '2001:db8::1',
    '2001:db8:0:1:1:1:1:1': '2001:db8:0:1:1:1:1:1',
    '2001:0:0:1:0:0:0:1': '2001:0:0:1::1',
    '2001:db8:0:0:1:0:0:1': '2001:db8::1:0:0:1',
    '::': '::',
    '0:0:0:0:0:0:0:1': '::1',
    'fe80:0:0:0:0:0:0:0': 'fe80::',
    '::ffff:c000:201': '::ffff:192.0.2.1',
  }
  for (const [text, canonical] of Object.entries(texts)) {
    t.equal(ipv6Text(ipv6Bytes(text) ?? []), canonical, text)
  }
  t.end()
})

t.test('isIpv6 and isIpv4 refuse what is none', (t) => {
  for (
    const text of [
      '',
      ':',
      ':::',
      '1::2::3',
      '1:2:3:4:5:6:7',
      '12345::',
      'g::',
      '1.2.3.4::',
      '::1.2.3',
      '::1.2.3.256',
      '::01.2.3.4',
      '1:2:3:4:5:6:7:1.2.3.4',
      '1:',
      ':1',
      '1::2:',
      '::%1',
    ]
  ) {
    t.notOk(isIpv6(text), text)
  }
  for (const text of ['::', '1::', '::1.2.3.4', '1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:7::']) {
    t.ok(isIpv6(text), text)
  }
  for (const text of ['', '1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', '1.2.3.4 ', '0x1.2.3.4']) {
    t.notOk(isIpv4(text), text)
  }
  t.ok(isIpv4('0.0.0.0') && isIpv4('255.255.255.255'))
  t.end()
})

t.test('parseAuthority splits host and port', (t) => {
  t.same(parseAuthority('A.example.:80'), { host: 'a.example', port: '80' })
  t.same(parseAuthority('[::1]'), { host: '[::1]', port: '' })
  t.equal(parseAuthority(`${'a.'.repeat(127)}a`), undefined, 'longer than a name can be')
  t.same(parseAuthority(`${'a.'.repeat(126)}a`)?.host.length, 253)
  t.end()
})
