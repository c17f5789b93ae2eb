import t from 'tap'
import { certificateFromHeader, certificateToHeader, writePem } from '../../../core/pki/mod.ts'
import { Lab, LEAF } from './lab.ts'

const lab = new Lab(t)
/** A certificate whose base64 has a `+` and a `/`, which header forms like to spoil. */
async function withPlus() {
  for (let i = 0; i < 20; i++) {
    const made = await lab.make(`leaf${i}`, { extensions: LEAF })
    const text = btoa(String.fromCharCode(...made.der))
    if (text.includes('+') && text.includes('/')) return made
  }
  throw new Error('No certificate had a plus')
}
const { der } = await withPlus()
const base64 = btoa(String.fromCharCode(...der))
const pem = writePem('CERTIFICATE', der)

t.test('certificateFromHeader takes every form that proxies send', (t) => {
  const forms: Record<string, string> = {
    'URL-encoded PEM': encodeURIComponent(pem),
    'URL-encoded PEM with + for spaces': encodeURIComponent(pem).replaceAll('%20', '+'),
    'URL-encoded PEM with spaces left': encodeURIComponent(pem).replaceAll('%20', ' '),
    'base64 of the DER': base64,
    'base64 of the PEM text': btoa(pem),
    'URL-encoded base64': encodeURIComponent(base64),
    'PEM with tabs for newlines': pem.replaceAll('\n', '\t'),
    'PEM with spaces for newlines': pem.replaceAll('\n', ' '),
    'PEM with newlines removed': pem.replaceAll('\n', ''),
    'PEM with newlines and tabs': pem.replaceAll('\n', '\n\t'),
    'AWS: + / = left bare': encodeURIComponent(pem).replaceAll('%2B', '+').replaceAll('%2F', '/')
      .replaceAll('%3D', '='),
    'RFC 9440': certificateToHeader(der),
    'HAProxy: quoted base64': `"${base64}"`,
    'Envoy: XFCC': `By=spiffe://a;Hash=ab12;Cert="${
      encodeURIComponent(pem)
    }";Subject="CN=a\\"b,c;d"`,
    'Envoy: the last element counts': `Hash=1;Cert="${
      encodeURIComponent('-----BEGIN')
    }",By=x;Cert="${encodeURIComponent(pem)}"`,
    'two PEMs, the first counts': encodeURIComponent(
      pem + writePem('CERTIFICATE', new Uint8Array([0x30, 0])),
    ),
  }
  for (const [name, value] of Object.entries(forms)) {
    t.same(certificateFromHeader(value), der, name)
  }
  t.end()
})

t.test('a chain between commas is taken from the header that Traefik sends it in alone', (t) => {
  const chain = `${base64},MAA=`
  for (const value of [chain, encodeURIComponent(chain)]) {
    t.same(certificateFromHeader(value, 'x-forwarded-tls-client-cert'), der)
    t.equal(certificateFromHeader(value, 'ssl-client-cert'), undefined)
  }
  t.end()
})

t.test('certificateFromHeader gives nothing for anything else', (t) => {
  const values = [
    '',
    ':',
    '::',
    'x',
    '%',
    '%zz',
    base64.slice(0, -8),
    `${base64}, ${base64}`,
    `${base64}AAAA`,
    pem.replace('-----END', ''),
    pem.replaceAll('CERTIFICATE', 'PUBLIC KEY'),
    'A'.repeat(200_000),
  ]
  for (const value of values) t.equal(certificateFromHeader(value), undefined, value.slice(0, 30))
  t.end()
})
