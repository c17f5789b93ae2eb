/** A node of a compressed prefix tree. `value` belongs to the prefix that ends here. */
interface Node<V> {
  label: string
  value: V | undefined
  children: Map<number, Node<V>> | undefined
}

/** A compressed prefix tree: all stored prefixes of a text are found in one walk along the text. */
export class PrefixTree<V> {
  readonly #root: Node<V> = { label: '', value: undefined, children: undefined }

  /** Stores `value` for `prefix`, in place of what was there. */
  set(prefix: string, value: V): void {
    let node = this.#root
    let at = 0
    while (at < prefix.length) {
      node.children ??= new Map()
      const child = node.children.get(prefix.charCodeAt(at))
      if (child === undefined) {
        const leaf: Node<V> = { label: prefix.slice(at), value, children: undefined }
        node.children.set(prefix.charCodeAt(at), leaf)
        return
      }
      const shared = sharedLength(child.label, prefix, at)
      if (shared < child.label.length) split(child, shared)
      node = child
      at += shared
    }
    node.value = value
  }

  /** Appends the values of all stored prefixes of `text` to `found`, shortest first. */
  collect(text: string, found: V[]): void {
    let node: Node<V> | undefined = this.#root
    let at = 0
    while (node !== undefined) {
      if (!text.startsWith(node.label, at)) return
      at += node.label.length
      if (node.value !== undefined) found.push(node.value)
      node = at < text.length ? node.children?.get(text.charCodeAt(at)) : undefined
    }
  }
}

function sharedLength(label: string, text: string, at: number): number {
  let length = 0
  while (length < label.length && label.charCodeAt(length) === text.charCodeAt(at + length)) {
    length++
  }
  return length
}

function split<V>(node: Node<V>, at: number): void {
  const rest: Node<V> = {
    label: node.label.slice(at),
    value: node.value,
    children: node.children,
  }
  node.label = node.label.slice(0, at)
  node.value = undefined
  node.children = new Map([[rest.label.charCodeAt(0), rest]])
}
