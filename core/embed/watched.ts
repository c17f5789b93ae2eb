/** Whoever follows a body on its way. */
export interface BodyWatcher {
  /** The next bytes are asked for. */
  wanted(): void
  /** Bytes came; throwing breaks the body off. */
  passed(bytes: number): void
  ended(): void
  /** The body broke off; `error` is what its reader gets. */
  failed(error: unknown): void
  /** Whoever reads wants no more. */
  cancelled(): void
}

/** The same body, followed by a watcher. Nothing is read before it is asked for. */
export function watched(
  body: ReadableStream<Uint8Array>,
  watcher: BodyWatcher,
): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  const pull = async (to: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    watcher.wanted()
    const { done, value } = await reader.read()
    if (done) {
      watcher.ended()
      to.close()
      return
    }
    watcher.passed(value.length)
    to.enqueue(value)
  }
  return new ReadableStream<Uint8Array>({
    pull: (to) =>
      pull(to).catch((error: unknown) => {
        watcher.failed(error)
        to.error(error)
        return reader.cancel(error).catch(() => {})
      }),
    cancel: (reason) => {
      watcher.cancelled()
      return reader.cancel(reason)
    },
  }, { highWaterMark: 0 })
}
