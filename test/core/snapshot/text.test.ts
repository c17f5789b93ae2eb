import t from 'tap'
import { describe, nameOf, nearest, pathText, quote, suggest } from '../../../core/snapshot/text.ts'

t.test('nearest finds the word that was meant', (t) => {
  const known = ['address', 'name', 'tls', 'clientCertificateHeader', 'client-cert']
  t.equal(nearest('adress', known), 'address')
  t.equal(nearest('nmae', known), 'name')
  t.equal(nearest('TLS', known), 'tls')
  t.equal(nearest('client_certificate_header', known), 'clientCertificateHeader')
  t.equal(nearest('clientcert', known), 'client-cert')
  t.equal(nearest('port', known), undefined)
  t.equal(nearest('x'.repeat(10_000), known), undefined)
  t.end()
})

t.test('suggest lists what there is, where nothing is near', (t) => {
  t.equal(suggest('port', ['name', 'tls']), 'expected name or tls')
  t.equal(suggest('port', ['name']), 'expected name')
  t.equal(suggest('port', []), 'there are none')
  const many = Array.from({ length: 100 }, (_, index) => `upstream-${index}`)
  t.match(suggest('port', many), /upstream-29 or others$/)
  t.end()
})

t.test('pathText and nameOf write paths as operators do', (t) => {
  t.equal(pathText([]), 'the configuration')
  t.equal(pathText(['listeners', 0, 'tls', 1]), 'listeners[0].tls[1]')
  t.equal(pathText(['upstreams', 'a b', 'tls']), 'upstreams["a b"].tls')
  t.equal(nameOf(['listeners', 0, 'tls', 1]), 'tls[1]')
  t.equal(nameOf(['listeners', 0, 'address']), 'address')
  t.end()
})

t.test('quote and describe cut, escape and hide', (t) => {
  t.equal(quote('a"b'), '"a\\"b"')
  t.equal(quote('\u0085\u2029'), '"\\u0085\\u2029"')
  t.equal(quote('x'.repeat(81)).length, 82)
  t.equal(describe('secret', true), 'a string')
  t.equal(describe(7, true), 'a number')
  t.equal(describe(null), 'nothing')
  t.equal(describe([]), 'an empty list')
  t.equal(describe([1]), 'a list')
  t.equal(describe({}), 'a map')
  t.end()
})
