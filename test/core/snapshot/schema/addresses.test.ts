import t from 'tap'
import { addressText } from '../../../../core/snapshot/address-text.ts'
import { isLoopback, readDomain, readIp } from '../../../../core/snapshot/schema/addresses.ts'

t.test('readIp reads addresses in their shortest form', (t) => {
  const good: [string, string][] = [
    ['127.0.0.1', '127.0.0.1'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['2001:DB8::0:1', '2001:db8::1'],
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
  ]
  for (const [text, ip] of good) t.equal(readIp(text), ip, text)
  const bad = ['', '1', '1.2.3', '1.2.3.4.5', '1.2.3.4.', '01.2.3.4', '256.1.1.1', '0x7f.0.0.1']
  for (const text of [...bad, ':', ':::', '1::2::3', 'g::', '::1%eth0', '[::1]', '12345::']) {
    t.equal(readIp(text), undefined, text)
  }
  t.end()
})

t.test('readDomain reads DNS names in lower case', (t) => {
  const long = `${'a'.repeat(63)}.test`
  for (const name of ['a', 'localhost', 'a.b', 'xn--mnchen-3ya.test', 'my_service', '1.a', long]) {
    t.equal(readDomain(name), name)
  }
  t.equal(readDomain('Test.COM'), 'test.com')
  const bad = [
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    '-a',
    'a-',
    'a-.b',
    'a b',
    'a/b',
    '*.a',
    'a:1',
    '1.2.3.4',
  ]
  for (const name of [...bad, 'a.7', `${'a'.repeat(64)}.test`, 'a.'.repeat(127) + 'aa']) {
    t.equal(readDomain(name), undefined, name)
  }
  t.end()
})

t.test('addressText and isLoopback know both families', (t) => {
  t.equal(addressText({ host: '127.0.0.1', port: 1 }), '127.0.0.1:1')
  t.equal(addressText({ host: '::1', port: 1 }), '[::1]:1')
  t.ok(isLoopback('127.8.9.1'))
  t.ok(isLoopback('::1'))
  t.notOk(isLoopback('0.0.0.0'))
  t.notOk(isLoopback('::'))
  t.end()
})
