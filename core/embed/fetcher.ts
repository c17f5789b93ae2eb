import { type Fetcher, FetchFailure, type FetchTarget } from '../port/mod.ts'
import type { FetchHost } from './types.ts'

/** Gets bytes with the host's own `fetch`, such as the keys of those who issue tokens. */
export function fetcherOf({ fetch }: FetchHost): Fetcher {
  return {
    fetch: async (target) => {
      try {
        const request = requestOf(target)
        const answer = await (fetch === undefined ? globalThis.fetch(request) : fetch(request, ''))
        const { status, headers } = answer
        const body = await bytesOf(answer, target.maxBytes)
        return { status, location: headers.get('location') ?? undefined, body }
      } catch (error) {
        if (error instanceof FetchFailure) throw error
        throw new FetchFailure(error instanceof Error ? error.message : String(error))
      }
    },
  }
}

function requestOf({ url, body, headers = {}, timeoutMs }: FetchTarget): Request {
  const own = { headers, redirect: 'manual' as const, signal: AbortSignal.timeout(timeoutMs) }
  if (body === undefined) return new Request(url, own)
  return new Request(url, {
    ...own,
    method: 'POST',
    headers: { ...headers, 'content-type': body.type },
    body: Uint8Array.from(body.data),
  })
}

async function bytesOf({ body }: Response, most: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  const reader = body?.getReader()
  for (;;) {
    const { done, value } = await reader?.read() ?? { done: true, value: undefined }
    if (done || value === undefined) break
    length += value.length
    if (length > most) {
      await reader?.cancel()
      throw new FetchFailure(`The answer is longer than ${most} bytes`)
    }
    parts.push(value)
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
