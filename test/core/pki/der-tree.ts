/** DER taken apart and put together again with right lengths, so that what is changed in it is read, not refused at once. */

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
      length = 0
      for (let i = 0; i < count; i++) length = length * 256 + (bytes[body + i] ?? 0)
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
  const sizes = new Map<DerNode, number>()
  const out = new Uint8Array(sizeOf(nodes, sizes))
  write(nodes, sizes, { out, at: 0 })
  return out
}

/** How many bytes elements take; `sizes` are those of their contents. */
function sizeOf(nodes: readonly DerNode[], sizes: Map<DerNode, number>): number {
  let sum = 0
  for (const node of nodes) {
    const size = sizes.get(node) ??
      (node.parts === undefined ? node.value.length : sizeOf(node.parts, sizes))
    sizes.set(node, size)
    sum += 1 + lengthSize(size) + size
  }
  return sum
}

function lengthSize(size: number): number {
  return size < 0x80 ? 1 : size < 0x100 ? 2 : size < 0x10000 ? 3 : 4
}

function write(
  nodes: readonly DerNode[],
  sizes: ReadonlyMap<DerNode, number>,
  to: { readonly out: Uint8Array; at: number },
): void {
  for (const node of nodes) {
    const size = sizes.get(node) as number
    const count = lengthSize(size) - 1
    to.out[to.at++] = node.tag
    to.out[to.at++] = count === 0 ? size : 0x80 | count
    for (let i = count - 1; i >= 0; i--) to.out[to.at++] = (size >> (8 * i)) & 0xff
    if (node.parts !== undefined) write(node.parts, sizes, to)
    else {
      to.out.set(node.value, to.at)
      to.at += size
    }
  }
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
  const open = new Set<readonly DerNode[]>()
  const within = (parts: readonly DerNode[] | undefined): boolean => {
    if (parts === undefined) return false
    if (open.has(parts)) return true
    open.add(parts)
    const found = parts.some((part) => within(part.parts))
    open.delete(parts)
    return found
  }
  return within(list) || within(node.parts)
}
