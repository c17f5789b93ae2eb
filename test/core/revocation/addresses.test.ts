import t from 'tap'
import { isPublic, mayAsk } from '../../../core/revocation/mod.ts'

t.test('isPublic knows the public Internet', (t) => {
  for (const ip of ['1.1.1.1', '172.15.0.1', '172.32.0.1', '223.255.255.255', '2606:4700::1']) {
    t.ok(isPublic(ip), ip)
  }
  const others = [
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:10.0.0.1',
    '::ffff:a00:1',
    '64:ff9b::a00:1',
    '2002:a00:1::',
    '2001:db8::1',
    'fc00::1',
    'fe80::1',
    'fe80::1%eth0',
    'ff02::1',
    'localhost',
    '',
    '0177.0.0.1',
    '1',
  ]
  for (const ip of others) t.notOk(isPublic(ip), ip)
  t.end()
})

t.test('mayAsk takes what the operator named besides', (t) => {
  t.ok(mayAsk('10.1.2.3', ['10.1.0.0/16']))
  t.ok(mayAsk('::ffff:10.1.2.3', ['10.1.0.0/16']))
  t.ok(mayAsk('fd00::5', ['fd00::/8']))
  t.ok(mayAsk('127.0.0.1', ['::1', '127.0.0.1']))
  t.ok(mayAsk('1.1.1.1', []))
  t.notOk(mayAsk('10.2.0.1', ['10.1.0.0/16']))
  t.notOk(mayAsk('10.2.0.1', ['::/0']))
  t.notOk(mayAsk('nobody', ['0.0.0.0/0']))
  t.end()
})
