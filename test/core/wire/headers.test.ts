import t from 'tap'
import {
  countHeader,
  getHeader,
  HeaderNames,
  isNamed,
  joinedHeader,
  withoutFields,
} from '../../../core/wire/mod.ts'

const LIST = ['Host', 'a', 'X-A', '1', 'x-a', '2', 'Cookie', 'c']

t.test('getHeader, countHeader and joinedHeader find names in any case', (t) => {
  t.equal(getHeader(LIST, 'x-a'), '1')
  t.equal(getHeader(LIST, 'cookie'), 'c')
  t.equal(getHeader(LIST, 'x-b'), undefined)
  t.equal(countHeader(LIST, 'x-a'), 2)
  t.equal(countHeader(LIST, 'a'), 0, 'values are not names')
  t.equal(joinedHeader(LIST, 'x-a'), '1, 2')
  t.equal(joinedHeader(LIST, 'x-b'), undefined)
  t.end()
})

t.test('isNamed tells names apart', (t) => {
  t.ok(isNamed('Content-LENGTH', 'content-length'))
  t.notOk(isNamed('Content_Length', 'content-length'))
  t.notOk(isNamed('Content-Lengt', 'content-length'))
  t.end()
})

t.test('HeaderNames holds names of any length, in any case', (t) => {
  const names = new HeaderNames(['Host', 'x-a', 'date'])
  t.ok(names.has('HOST'))
  t.ok(names.has('Date'))
  t.notOk(names.has('x-b'))
  t.notOk(names.has('x-longer-than-all'))
  t.notOk(new HeaderNames([]).has('x'))
  t.end()
})

t.test('withoutFields leaves the list that it was given', (t) => {
  t.same(withoutFields(LIST, ['x-a']), ['Host', 'a', 'Cookie', 'c'])
  t.equal(LIST.length, 8)
  t.end()
})
