import t from 'tap'
import { readDate, readDuration, readSize } from '../../../../core/snapshot/schema/scalars.ts'
import { Mismatch } from '../../../../core/snapshot/schema/structure.ts'

t.test('readDuration reads durations as milliseconds', (t) => {
  const good: [unknown, number][] = [
    ['500ms', 500],
    ['30s', 30_000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['1.5s', 1500],
    ['1 s', 1000],
    [30, 30_000],
    [0.25, 250],
    ['30', 30_000],
    [0, 0],
    ['596h', 2_145_600_000],
  ]
  for (const [raw, ms] of good) t.equal(readDuration(raw), ms, String(raw))
  const bad = [
    '',
    's',
    '-1s',
    '1d',
    '1M',
    '1e3',
    '1s1s',
    '597h',
    -1,
    NaN,
    Infinity,
    1e21,
    null,
    true,
    [],
  ]
  for (const raw of bad) t.ok(readDuration(raw) instanceof Mismatch, String(raw))
  t.end()
})

t.test('readSize reads sizes as bytes', (t) => {
  const good: [unknown, number][] = [
    ['16k', 16_384],
    ['16K', 16_384],
    ['8KiB', 8192],
    ['1MiB', 1_048_576],
    ['1 m', 1_048_576],
    ['2g', 2_147_483_648],
    ['5B', 5],
    ['7', 7],
    [0, 0],
    [1024, 1024],
  ]
  for (const [raw, size] of good) t.equal(readSize(raw), size, String(raw))
  const bad = [
    '',
    'k',
    '1kB',
    '1MB',
    '1.5k',
    '-1',
    1.5,
    -1,
    '9007199254740993',
    '8388609g',
    null,
    {},
  ]
  for (const raw of bad) t.ok(readSize(raw) instanceof Mismatch, String(raw))
  t.end()
})

t.test('readDate reads ISO 8601 as epoch milliseconds', (t) => {
  const good: [unknown, string][] = [
    ['2027-01-01', '2027-01-01T00:00:00Z'],
    ['2028-02-29', '2028-02-29T00:00:00Z'],
    ['2027-01-01T10:00', '2027-01-01T10:00:00Z'],
    ['2027-01-01T10:00:05Z', '2027-01-01T10:00:05Z'],
    ['2027-01-01 10:00:05.25', '2027-01-01T10:00:05.250Z'],
    ['2027-01-01t10:00:05z', '2027-01-01T10:00:05Z'],
    ['2027-01-01T00:30:00+02:00', '2026-12-31T22:30:00Z'],
    ['2027-01-01T00:00:00 -05:30', '2027-01-01T05:30:00Z'],
    [new Date('2027-01-01'), '2027-01-01T00:00:00Z'],
  ]
  for (const [raw, iso] of good) t.equal(readDate(raw), Date.parse(iso), String(raw))
  const bad = ['', '2027', '2027-1-1', '2027-13-01', '2027-02-29', '2027-01-32', '2027-00-10']
  const worse = ['2027-01-01T24:00', '2027-01-01T10:60', '2027-01-01T10:00:60', '2027-01-01Z', 0]
  const zones = ['2027-01-01T10:00+2', '2027-01-01T10:00+02:60', '2027-01-01T10:00+24:00']
  for (const raw of [...bad, ...worse, ...zones, new Date(NaN)]) {
    t.ok(readDate(raw) instanceof Mismatch, String(raw))
  }
  t.end()
})
