import t from 'tap'
import { normalisePath } from '../../../core/wire/mod.ts'

t.test('normalisePath is done once: a second time changes nothing', (t) => {
  const paths = [
    '/',
    '//',
    '/a/..//b',
    '/%41%2f%2Ex',
    '/a/%252e/..',
    '/.a/..b/...',
    '/a/b/.',
    '/a/..',
  ]
  for (const path of paths) {
    const once = normalisePath(path)
    t.type(once, 'string', path)
    t.equal(normalisePath(String(once)), once, path)
  }
  t.end()
})

t.test('normalisePath leaves no dot segment, whatever it is given', (t) => {
  const pieces = ['.', '%2e', '/', 'a', '%2E%2e', '..', '//']
  const segment = /(?:^|\/)\.\.?(?:\/|$)/
  const wrong: string[] = []
  for (let i = 0; i < pieces.length ** 5; i++) {
    let path = '/'
    for (let n = i; n > 0; n = Math.floor(n / pieces.length)) path += pieces[n % pieces.length]
    const normal = normalisePath(path)
    if (typeof normal !== 'string' || !normal.startsWith('/') || segment.test(normal)) {
      wrong.push(path)
    }
  }
  t.same(wrong, [])
  t.end()
})

t.test('normalisePath agrees with URL on paths of plain segments', (t) => {
  const pieces = ['.', '..', 'a', 'b', '']
  const wrong: string[] = []
  for (let i = 0; i < pieces.length ** 5; i++) {
    const segments: string[] = []
    for (let n = i; n > 0; n = Math.floor(n / pieces.length)) {
      segments.push(pieces[n % pieces.length]!)
    }
    const path = `/${segments.join('/')}`
    const expected = new URL(`http://a.example${path}`).pathname
    if (normalisePath(path) !== expected) wrong.push(path)
  }
  t.same(wrong, [])
  t.end()
})
