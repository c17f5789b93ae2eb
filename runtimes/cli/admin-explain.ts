import { formatExplanation, type Snapshot } from '../../core/mod.ts'
import { isPkiProblem, readPem } from '../../core/pki/mod.ts'
import { ask } from './ask.ts'
import type { Host } from './host.ts'
import { questionOf, type Wanted } from './question.ts'
import { WrongUse } from './wrong-use.ts'

/** Answers `POST /explain`: a question as JSON in, with the certificate as PEM; the explanation as JSON out. */
export async function explainOver(
  host: Host,
  snapshot: Snapshot,
  request: Request,
): Promise<Response> {
  try {
    const question = questionOf(snapshot, wantedOf(await request.text()), host.clock.now())
    const explanation = await ask(host, snapshot, question)
    return new Response(formatExplanation(explanation, 'json') + '\n', {
      headers: { 'Content-Type': 'application/json' },
    })
  } catch (error) {
    if (!(error instanceof WrongUse)) throw error
    return Response.json({ message: error.message, http_status_code: 400 }, { status: 400 })
  }
}

function wantedOf(text: string): Wanted {
  const body = parse(text)
  const textOf = (name: string): string | undefined => {
    const value = body[name]
    if (value === undefined || value === null) return undefined
    if (typeof value === 'string') return value
    throw new WrongUse(`Could not read "${name}": expected a text`)
  }
  const headers = body['headers'] ?? []
  if (!Array.isArray(headers) || headers.some((each) => typeof each !== 'string')) {
    throw new WrongUse('Could not read "headers": expected a list of texts')
  }
  return {
    host: textOf('host'),
    path: textOf('path'),
    method: textOf('method') ?? 'GET',
    sni: textOf('sni'),
    listener: textOf('listener'),
    headers: headers as string[],
    address: textOf('address'),
    at: textOf('at'),
    chain: chainOf(textOf('certificate') ?? ''),
  }
}

function parse(text: string): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null) return body as Record<string, unknown>
  } catch {
    // Told below.
  }
  throw new WrongUse(
    'Could not read the question: expected JSON, such as {"host":"a.test","path":"/"}',
  )
}

function chainOf(pem: string): Uint8Array[] {
  if (pem.trim() === '') return []
  const blocks = readPem(pem)
  if (isPkiProblem(blocks)) throw new WrongUse(`Could not read "certificate": ${blocks.message}`)
  return blocks.filter(({ label }) => label === 'CERTIFICATE').map(({ der }) => der)
}
