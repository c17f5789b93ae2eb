import { ListenFailure } from '../../core/mod.ts'
import type { BoundListener } from '../../core/mod.ts'
import type { Host } from './host.ts'
import { orWrongUse, pathIn } from './pki-files.ts'
import { tryOutConfiguration, type TryOutPorts } from './try-out-configuration.ts'
import { keepTryOutPki } from './try-out-pki.ts'
import { WrongUse } from './wrong-use.ts'

const LOOPBACK = '127.0.0.1'
const DEMO_PORT = 9090

/** Where the try-out's parts lie. */
export interface TryOut {
  readonly folder: string
  readonly configuration: string
  readonly pki: string
  /** What was made or renewed, a sentence each. */
  readonly notes: readonly string[]
  /** Whether the configuration was there before. */
  readonly again: boolean
}

/** The flags by which a first start chooses its ports. */
export interface PortFlags {
  readonly 'port'?: string | undefined
  readonly 'http-port'?: string | undefined
  readonly 'admin-port'?: string | undefined
}

const PORTS: Readonly<Record<keyof PortFlags, string>> = {
  'port': '9443',
  'http-port': '9080',
  'admin-port': '9180',
}

/**
 * Makes what is missing of a try-out in a folder: certificates and `gateway.yaml`. What is there stays.
 * Throws WrongUse where the folder or the ports cannot be used; then nothing was written.
 */
export async function prepareTryOut(
  host: Host,
  folder: string,
  flags: PortFlags,
): Promise<TryOut> {
  const configuration = pathIn(host, folder, 'gateway.yaml')
  const pki = pathIn(host, folder, 'pki')
  const again = await host.files.exists(configuration)
  const ports = again ? undefined : await choosePorts(host, flags)
  await orWrongUse(() => host.files.makeFolder(pki))
  const notes = await keepTryOutPki(host, pki)
  if (ports !== undefined) {
    notes.push(await makeKeys(host, pathIn(host, folder, 'keys')))
    const text = new TextEncoder().encode(tryOutConfiguration(ports))
    await orWrongUse(() => host.files.write(configuration, text))
    notes.push(`Made a configuration: ${configuration}`)
  } else notes.push(...unheeded(configuration, flags))
  return { folder, configuration, pki, notes, again }
}

/** Whose APIs the try-out's configuration has, and the file names of their keys. */
const KEYS = ['apisix', 'gravitee', 'gcore']
/** The owner alone may read them. */
const KEY_MODE = 0o600

async function makeKeys(host: Host, folder: string): Promise<string> {
  await orWrongUse(() => host.files.makeFolder(folder))
  for (const name of KEYS) {
    const path = pathIn(host, folder, name)
    if (await host.files.exists(path)) continue
    const key = [...host.entropy.bytes(20)].map((byte) => byte.toString(16).padStart(2, '0')).join(
      '',
    )
    const content = new TextEncoder().encode(`${key}\n`)
    await orWrongUse(() => host.files.write(path, content, KEY_MODE))
  }
  return `Made keys of the admin APIs: ${folder}`
}

function unheeded(configuration: string, flags: PortFlags): string[] {
  const given = Object.entries(flags).filter(([name, port]) =>
    Object.hasOwn(PORTS, name) && port !== undefined
  )
  if (given.length === 0) return []
  const names = given.map(([name]) => `--${name}`).join(', ')
  return [`${names}: not looked at, since the addresses stand in ${configuration}`]
}

/** Opens all ports at once, so that none is chosen twice, and closes them again: what is taken shows before anything is written. */
async function choosePorts(host: Host, flags: PortFlags): Promise<TryOutPorts> {
  const open: BoundListener[] = []
  try {
    const take = async (name: keyof PortFlags): Promise<number> => {
      const port = flags[name] ?? PORTS[name]
      const bound = await openPort(host, readPort(name, port))
      if (typeof bound === 'string') throw portTaken(`--${name} ${port}`, bound)
      open.push(bound)
      return bound.address.port
    }
    const chosen = {
      tls: await take('port'),
      http: await take('http-port'),
      admin: await take('admin-port'),
    }
    const usual = await openPort(host, chosenFreely(flags) ? 0 : DEMO_PORT)
    const demo = typeof usual === 'string' ? await openPort(host, 0) : usual
    if (typeof demo === 'string') throw portTaken('any port', demo)
    open.push(demo)
    return { ...chosen, demo: demo.address.port }
  } finally {
    for (const bound of open) await bound.close()
  }
}

/** Who leaves the choice to the system wants no fixed port at all. */
function chosenFreely(flags: PortFlags): boolean {
  return flags.port === '0'
}

function readPort(name: string, text: string): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : NaN
  if (port <= 65535) return port
  throw new WrongUse(`Could not read --${name} "${text}": expected a port, 0 takes a free one`)
}

/** Returns the system's word where a port cannot be had. */
async function openPort(host: Host, port: number): Promise<BoundListener | string> {
  try {
    return await host.listener.listen(
      { host: LOOPBACK, port },
      (connection) => connection.destroy(),
    )
  } catch (error) {
    if (error instanceof ListenFailure) return error.code
    throw error
  }
}

function portTaken(flag: string, code: string): WrongUse {
  const remedy = code === 'EADDRINUSE'
    ? 'another process or listener has it: stop that one, or choose another port'
    : 'choose another port, above 1023'
  return new WrongUse(`Could not use ${flag} (${code}): ${remedy}`)
}
