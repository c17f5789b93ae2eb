import { parseText } from '../../../snapshot/mod.ts'
import type { Json } from '../../../store/mod.ts'
import { isTable } from '../table.ts'
import { type Answer, refuse } from './answer.ts'
import { parseBody } from './json.ts'

/** The longest body, in bytes, as in APISIX: 1.5 MiB. */
const MAX_BODY = 1_572_864

/** What a request says; `value` undefined: nothing. */
export type Body = { readonly value: Json | undefined } | { readonly refused: Answer }

/** Reads a request's text, whatever its Content-Type. */
export async function readText(request: Request): Promise<string | Answer> {
  const announced = Number(request.headers.get('content-length') ?? 0)
  if (announced > MAX_BODY) return tooLarge(announced)
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = request.body?.getReader()
  while (reader !== undefined) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.length
    if (size > MAX_BODY) {
      await reader.cancel()
      return tooLarge(size)
    }
    chunks.push(value)
  }
  const all = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return new TextDecoder().decode(all)
}

function tooLarge(size: number): Answer {
  return refuse(
    400,
    `invalid request body: request size ${size} is greater than the maximum size ${MAX_BODY} allowed`,
  )
}

/** Reads a request's JSON, whatever its Content-Type: curl sends it as a form. */
export async function readBody(request: Request): Promise<Body> {
  const text = await readText(request).catch(() => '')
  if (typeof text !== 'string') return { refused: text }
  if (text === '') return { value: undefined }
  const parsed = parseBody(text)
  if ('value' in parsed) return parsed
  const error_msg = `invalid request body: ${parsed.wrong}`
  return { refused: { status: 400, body: { error_msg, req_body: withoutKeys(text) } } }
}

/** Reads a configuration in one piece: JSON, or YAML where the request says so. */
export async function readConfiguration(request: Request): Promise<Body> {
  const text = await readText(request).catch(() => '')
  if (typeof text !== 'string') return { refused: text }
  if (text === '') return { refused: refuse(400, `${INVALID}empty request body`) }
  if (request.headers.get('content-type')?.startsWith('application/yaml') === true) {
    const { value, problems } = parseText(text, 'the request')
    return problems.some(({ severity }) => severity === 'error') || !isTable(value as Json)
      ? { refused: refuse(400, `${INVALID}invalid yaml request body`) }
      : { value: value as Json }
  }
  const parsed = parseBody(text)
  return 'value' in parsed ? parsed : { refused: refuse(400, `${INVALID}${parsed.wrong}`) }
}

const INVALID = 'invalid request body: '

/** The text as it came, but for private keys, which are never told. */
function withoutKeys(text: string): string {
  return text.replace(
    /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^]*?(?:-----END \1-----|$)/g,
    '-----BEGIN $1----- (left out)',
  )
}
