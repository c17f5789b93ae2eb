import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ListenFailure } from '../../../core/mod.ts'
import { DEMO_UPSTREAM, demoHandler } from '../demo.ts'
import type { Host } from '../host.ts'
import { DEMO, listenProblem, type Service } from '../service.ts'
import { prepareTryOut, type TryOut } from '../try-out.ts'
import { tryOutText } from '../try-out-text.ts'
import { WrongUse } from '../wrong-use.ts'
import { serve } from './run.ts'

/** `sallyport start`: makes certificates and a configuration where there are none, and serves them with a demo upstream. */
export async function start(host: Host, args: readonly string[]): Promise<number | undefined> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'data': { type: 'string', default: 'data' },
      'port': { type: 'string' },
      'http-port': { type: 'string' },
      'admin-port': { type: 'string' },
    },
  })
  if (values.data === '') throw new WrongUse('Could not use --data "": it names no folder')
  // In full, so that what is printed can be pasted elsewhere.
  const folder = resolve(values.data)
  if (host.workers.isWorker) {
    return await serve(host, host.files.beside(`${folder}/x`, 'gateway.yaml'))
  }
  const tryOut = await prepareTryOut(host, folder, values)
  const code = await serve(host, tryOut.configuration, {
    prepare: serveDemo,
    announce: async (service) => host.print(await tryOutText(service, tryOut)),
  })
  if (code !== undefined) host.complain(remedy(tryOut))
  return code
}

function remedy({ configuration, again }: TryOut): string {
  return again ? `Change ${configuration}, or remove it to have it made anew\n` : ''
}

/** Serves the upstream that the configuration names `demo`, as long as it is on this machine. */
async function serveDemo(service: Service): Promise<string> {
  const endpoint = service.snapshot.upstreams.get(DEMO_UPSTREAM)?.endpoints[0]
  if (endpoint === undefined || endpoint.tls !== undefined) return ''
  const { port } = endpoint
  const host = endpoint.host === 'localhost' ? '127.0.0.1' : endpoint.host
  if (host !== '127.0.0.1' && host !== '::1') return ''
  try {
    await service.serve(DEMO, { host, port }, demoHandler)
    return ''
  } catch (error) {
    if (error instanceof ListenFailure) return listenProblem({ host, port }, error.code)
    throw error
  }
}
