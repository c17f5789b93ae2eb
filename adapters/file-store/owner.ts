import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, openSync } from 'node:fs'
import { readdir, unlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { codeOf } from './disk.ts'
import { StoreFault } from './fault.ts'

const NAME = /^owner-(\d+)-[0-9a-f]{8}$/

/**
 * Makes this process the owner of a folder, by a socket in it that others can knock at: the kernel closes it with
 * the process, however that ends, and it knows containers apart where process ids do not.
 *
 * Each process listens at a name of its own first and knocks at the others' then; so of two that come at once at
 * least one finds the other, and nobody ever removes the name of one that lives.
 * @returns How to let go.
 * @throws StoreFault `locked`, with the owner's process id.
 */
export async function ownFolder(folder: string): Promise<() => Promise<void>> {
  const own = `owner-${process.pid}-${randomBytes(4).toString('hex')}`
  // A socket's path has room for 107 bytes; by its descriptor every folder's is short.
  const descriptor = existsSync('/proc/self/fd') ? openSync(folder, 'r') : undefined
  const place = descriptor === undefined ? folder : `/proc/self/fd/${descriptor}`
  const letGo = async (server?: Server): Promise<void> => {
    if (server !== undefined) await new Promise((resolve) => server.close(resolve))
    await unlink(join(folder, own)).catch(() => {})
    if (descriptor !== undefined) closeSync(descriptor)
  }
  let server: Server | undefined
  try {
    server = await listen(join(place, own))
    await refuseOthers(folder, place, own)
    return () => letGo(server)
  } catch (error) {
    await letGo(server)
    throw error
  }
}

async function refuseOthers(folder: string, place: string, own: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = NAME.exec(name)?.[1]
    if (pid === undefined || name === own) continue
    if (await answers(join(place, name))) {
      throw new StoreFault(
        'locked',
        `Open the store "${folder}": process ${pid} has it open; one process at a time can`,
      )
    }
    await unlink(join(folder, name)).catch(() => {})
  }
}

async function listen(path: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    // Exclusive: in a process of node:cluster the primary would listen instead.
    server.listen({ path, exclusive: true }, resolve)
  })
  server.unref()
  return server
}

/** Whether somebody listens. Where it cannot be told, somebody does. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const settle = (alive: boolean): void => {
      socket.destroy()
      resolve(alive)
    }
    socket.once('connect', () => settle(true))
    socket.once('error', (error) => settle(!['ECONNREFUSED', 'ENOENT'].includes(codeOf(error))))
  })
}
