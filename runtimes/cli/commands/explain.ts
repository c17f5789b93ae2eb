import { parseArgs } from 'node:util'
import { type Explanation, formatExplanation } from '../../../core/mod.ts'
import { writePem } from '../../../core/pki/mod.ts'
import { ask } from '../ask.ts'
import type { Host } from '../host.ts'
import { readChain } from '../pki-content.ts'
import { questionOf, unused, type Wanted } from '../question.ts'
import { loadSnapshot, problemLines } from '../snapshot-source.ts'
import { WrongUse } from '../wrong-use.ts'

const OPTIONS = {
  config: { type: 'string', short: 'c', default: 'gateway.yaml' },
  gateway: { type: 'string' },
  host: { type: 'string' },
  path: { type: 'string' },
  method: { type: 'string', default: 'GET' },
  sni: { type: 'string' },
  cert: { type: 'string' },
  listener: { type: 'string' },
  header: { type: 'string', multiple: true },
  address: { type: 'string' },
  at: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

/** `sallyport explain`: says why a request would be let in or refused, by a configuration or by a gateway that runs. */
export async function explain(host: Host, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS })
  const { cert, header = [], gateway, config, json } = values
  const wanted: Wanted = {
    host: values.host,
    path: values.path,
    method: values.method,
    sni: values.sni,
    listener: values.listener,
    headers: header,
    address: values.address,
    at: values.at,
    chain: cert === undefined ? [] : await readChain(host, cert),
  }
  const explanation = gateway === undefined
    ? await askFile(host, config, wanted)
    : await askGateway(gateway, wanted)
  if (explanation === undefined) return 2
  host.print(formatExplanation(explanation, json ? 'json' : 'text') + '\n')
  return explanation.answer === 'forward' ? 0 : 1
}

/** Undefined where the configuration is wrong, which was told. */
async function askFile(
  host: Host,
  file: string,
  wanted: Wanted,
): Promise<Explanation | undefined> {
  const loaded = await loadSnapshot(host, file, { secret: new Uint8Array(32) })
  if (loaded.snapshot === undefined) {
    host.complain(problemLines(loaded.problems))
    return undefined
  }
  const question = questionOf(loaded.snapshot, wanted, host.clock.now())
  const note = unused(question)
  if (note !== undefined) host.complain(`${note}\n`)
  return await ask(host, loaded.snapshot, question)
}

/** Asks the admin listener of a gateway that runs, whose configuration is that of its file and its store together. */
async function askGateway(base: string, { chain, ...wanted }: Wanted): Promise<Explanation> {
  const certificate = chain.map((der) => writePem('CERTIFICATE', der)).join('')
  const url = `${base.replace(/\/+$/, '')}/explain`
  let response: Response
  try {
    const body = JSON.stringify({ ...wanted, certificate })
    response = await fetch(url, { method: 'POST', body })
  } catch (error) {
    const cause = error instanceof Error ? error.cause ?? error : error
    throw new WrongUse(`Could not ask ${url}: ${String(cause)}`)
  }
  if (response.ok) return await response.json() as Explanation
  const text = await response.text()
  throw new WrongUse(`Could not ask ${url}: ${response.status} ${text.trim()}`)
}
