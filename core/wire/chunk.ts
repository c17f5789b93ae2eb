const LINE_END = [13, 10]

/** A chunk up to this size is sent in one piece: copying it costs less than three writes. */
export const SMALL_CHUNK = 4096

/** A whole chunk: its size, its data, its end (RFC 9112 section 7.1). `data` is not empty. */
export function wholeChunk(data: Uint8Array): Uint8Array {
  const size = data.length.toString(16)
  const chunk = new Uint8Array(size.length + data.length + 4)
  for (let i = 0; i < size.length; i++) chunk[i] = size.charCodeAt(i)
  chunk.set(LINE_END, size.length)
  chunk.set(data, size.length + 2)
  chunk.set(LINE_END, chunk.length - 2)
  return chunk
}
