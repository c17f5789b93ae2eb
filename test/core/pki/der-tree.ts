/** DER taken apart and put together again with right lengths, so that what is changed in it is read, not refused at once. */
import { derElement } from '../../../core/pki/der-write.ts'

/** One element; `parts` where it is constructed, or holds DER in an octet string. */
export interface DerNode {
  tag: number
  value: Uint8Array
  parts: DerNode[] | undefined
}

/** Undefined where the bytes are no sequence of whole elements. */
export function derTree(bytes: Uint8Array): DerNode[] | undefined {
  const nodes: DerNode[] = []
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at] as number
    let length = bytes[at + 1] ?? 0
    let body = at + 2
    if (length > 0x80) {
      const count = length & 0x7f
      if (count > 3) return undefined
      length = bytes.subarray(body, body + count).reduce((sum, byte) => sum * 256 + byte, 0)
      body += count
    } else if (length === 0x80) return undefined
    if (body + length > bytes.length) return undefined
    const value = bytes.subarray(body, body + length)
    const nests = (tag & 0x20) !== 0 || (tag === 4 && length > 1)
    nodes.push({ tag, value, parts: nests ? derTree(value) : undefined })
    at = body + length
  }
  return nodes
}

/** The bytes of elements. */
export function derBytes(nodes: readonly DerNode[]): Uint8Array {
  const pieces = nodes.map(({ tag, value, parts }) =>
    derElement(tag, parts === undefined ? value : derBytes(parts))
  )
  return new Uint8Array(pieces.flatMap((piece) => [...piece]))
}

/** Changes one element somewhere: leaves it out, doubles it, moves it, or gives it another tag, value or depth. */
export function reshape(bytes: Uint8Array, pick: (below: number) => number): Uint8Array {
  const tree = derTree(bytes)
  if (tree === undefined || tree.length === 0) return bytes
  const places: { readonly list: DerNode[]; readonly at: number }[] = []
  const visit = (list: DerNode[]): void => {
    for (const [at, node] of list.entries()) {
      places.push({ list, at })
      if (node.parts !== undefined) visit(node.parts)
    }
  }
  visit(tree)
  const { list, at } = places[pick(places.length)] as (typeof places)[number]
  const other = places[pick(places.length)] as (typeof places)[number]
  const node = list[at] as DerNode
  switch (pick(8)) {
    case 0:
      list.splice(at, 1)
      break
    case 1:
      list.splice(at, 0, node)
      break
    case 2:
      list[at] = other.list[other.at] as DerNode
      break
    case 3:
      node.tag = pick(256)
      break
    case 4:
      list[at] = { tag: 0x30, value: new Uint8Array(), parts: [{ ...node }] }
      break
    case 5:
      list[at] = {
        tag: node.tag,
        value: Uint8Array.from(VALUES[pick(VALUES.length)] as number[]),
        parts: undefined,
      }
      break
    case 6:
      for (let copies = 0; copies < 60; copies++) list.push(node)
      break
    default:
      list.reverse()
  }
  return cyclic(node, list) ? bytes : derBytes(tree)
}

/** Values at the edges of what numbers, times, texts and bits may be. */
const VALUES = [
  [],
  [0],
  [0xff],
  [0x80],
  [0, 0],
  [0xff, 0xff, 0xff, 0xff, 0xff],
  [7, 0x80],
  [0x30, 0x80],
  [...'20500101000000Z'].map((letter) => letter.charCodeAt(0)),
  [...'*.test'].map((letter) => letter.charCodeAt(0)),
  new Array<number>(300).fill(0x41),
]

/** Whether an element has come to stand within itself. */
function cyclic(node: DerNode, list: readonly DerNode[]): boolean {
  const within = (parts: readonly DerNode[] | undefined, above: readonly unknown[]): boolean =>
    parts !== undefined &&
    (above.includes(parts) || parts.some((part) => within(part.parts, [...above, parts])))
  return within(list, []) || within(node.parts, [])
}
