import { Buffer } from 'node:buffer'
import t from 'tap'
import { hostClock } from '../../../adapters/host/mod.ts'
import {
  type Change,
  follow,
  MemoryStore,
  type Page,
  type StoredDocument,
  type WatchEvent,
} from '../../../core/store/mod.ts'
import { chance } from '../../support/chance.ts'

/** A store that lists what it is told to, and whose watcher hears what the test says. */
class Scripted extends MemoryStore {
  page: Page = { documents: [], revision: 1, more: false }
  tell: (event: WatchEvent) => void = () => {}

  override list(): Promise<Page> {
    return Promise.resolve(this.page)
  }

  override watch(...[, , receive]: Parameters<MemoryStore['watch']>): () => void {
    this.tell = receive
    return () => {}
  }
}

function documentOf(key: string, revision: number): StoredDocument {
  return { key, value: revision, createRevision: 1, modifyRevision: revision, version: 1 }
}

/** Keys in the order of their bytes, in that of JavaScript's strings, and in none. */
const ORDERS = ['bytes', 'units', 'none'] as const

t.test('after a gap exactly what is different is told, in whatever order it is listed', async (t) => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = chance(seed)
    const order = ORDERS[seed % 3]
    const keys = Array.from(
      { length: 40 },
      (_, n) => `/${['a', '\uffee', '\u{1f600}', 'z', ''][n % 5]}${n}`,
    )
    const truth = new Map<string, StoredDocument>()
    let revision = 1
    const change = (key: string): Change => {
      revision++
      const document = random() < 0.3 ? undefined : documentOf(key, revision)
      if (document === undefined) truth.delete(key)
      else truth.set(key, document)
      return { key, document }
    }
    const listed = (): Page => {
      const documents = [...truth.values()].sort((a, b) =>
        order === 'none' ? random() - 0.5 : order === 'units' ? unitOrder(a, b) : byteOrder(a, b)
      )
      return { documents, revision, more: false }
    }
    for (const key of keys) if (random() < 0.7) change(key)
    const store = new Scripted({ clock: hostClock })
    store.page = listed()
    const picture = new Map<string, StoredDocument>()
    let told = 0
    let heard: () => void = () => {}
    const stop = follow(store, '/', {
      clock: hostClock,
      follower: {
        onChanges(changes) {
          told += changes.length
          for (const { key, document } of changes) {
            if (document === undefined) picture.delete(key)
            else picture.set(key, document)
          }
          heard()
        },
      },
    })
    await new Promise<void>((done) => heard = done)
    for (let round = 0; round < 4; round++) {
      for (const key of keys) {
        if (random() < 0.4) store.tell({ kind: 'changes', changes: [change(key)], revision })
      }
      const before = new Map(truth)
      for (const key of keys) if (random() < 0.4) change(key)
      const different = keys.filter((key) => before.get(key) !== truth.get(key)).length
      told = 0
      store.page = listed()
      const over = different === 0 ? Promise.resolve() : new Promise<void>((done) => heard = done)
      store.tell({ kind: 'compacted', revision })
      await over
      t.equal(told, different, `seed ${seed}: no more than what is different`)
      t.same([...picture].sort(), [...truth].sort(), `seed ${seed}: the picture is complete`)
    }
    stop()
  }
})

function unitOrder(a: StoredDocument, b: StoredDocument): number {
  return a.key < b.key ? -1 : 1
}

function byteOrder(a: StoredDocument, b: StoredDocument): number {
  return Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))
}
