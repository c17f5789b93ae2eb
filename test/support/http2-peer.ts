import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import type { Test } from 'tap'

/** What `http2-peer.mjs` can be. */
export type Http2PeerKind = 'http2-server' | 'http2-client' | 'grpc-server' | 'grpc-client'

/** What a peer said, line by line. */
export interface Http2Peer {
  next(): Promise<Record<string, unknown>>
}

/** Starts a peer in a process of Node's, whatever runs the test; it ends with the test. */
export function http2Peer(
  t: Test,
  kind: Http2PeerKind,
  options: Readonly<Record<string, unknown>> = {},
): Http2Peer {
  const script = resolve('test/support/http2-peer.mjs')
  const child = spawn('node', [script, kind, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => void child.kill())
  let text = ''
  let over = false
  const waiting = new Set<() => void>()
  const wake = (): void => {
    for (const again of [...waiting]) again()
  }
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more
    wake()
  })
  child.on('close', () => {
    over = true
    wake()
  })
  const next = (): Promise<Record<string, unknown>> =>
    new Promise((done, reject) => {
      const again = (): void => {
        const end = text.indexOf('\n')
        if (end < 0 && !over) return
        waiting.delete(again)
        if (end < 0) return reject(new Error(`Wait for ${kind}: it ended`))
        const line = text.slice(0, end)
        text = text.slice(end + 1)
        done(JSON.parse(line) as Record<string, unknown>)
      }
      waiting.add(again)
      again()
    })
  return { next }
}
