import { createServer } from 'node:net'

/** The system gives ports from 32768 on to whoever wants any: one of these would soon be somebody's. */
const PORTS = { from: 15_000, to: 32_000 }

/** A port of loopback that was free a moment ago, and is left alone by whoever listens on port 0 or connects. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.from + Math.floor(Math.random() * (PORTS.to - PORTS.from))
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!isFree) continue
    await new Promise((resolve) => server.close(resolve))
    return port
  }
}
