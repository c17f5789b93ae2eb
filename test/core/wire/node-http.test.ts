/** Damaged requests, read by our parser and by Node's own: what we take for one, it never takes for two. */
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import process from 'node:process'
import t from 'tap'
import { damaged } from './damage.ts'
import { numbers } from './h2/numbers.ts'
import { readMessage, wireCases } from './reading.ts'

const ROUNDS = Number(process.env['SALLYPORT_FUZZ_ROUNDS'] ?? 4000)
const SEED = Number(process.env['SALLYPORT_FUZZ_SEED'] ?? 8)
/** What an attacker would slip in, behind whatever comes before it. */
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n'

interface Found {
  readonly method: string
  readonly body: string
}

/** The requests that are whole, up to what is refused or incomplete. */
function ours(text: string): { found: Found[]; refused: boolean } {
  const found: Found[] = []
  for (let rest = text; rest !== '';) {
    const { head, trailers, error, body, rest: next } = readMessage(rest, [])
    if (error !== undefined) return { found, refused: true }
    if (trailers === undefined || head === undefined || !('method' in head)) break
    found.push({ method: head.method, body })
    rest = next
  }
  return { found, refused: false }
}

/** What Node takes each text for. Run by Node, whatever runs the test. */
async function reference(texts: readonly string[]): Promise<Found[][]> {
  const child = spawn('node', [resolve('test/support/http1-reference.mjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.end(texts.map((text) => `${btoa(text)}\n`).join(''))
  const answers: Found[][] = []
  for await (const line of createInterface({ input: child.stdout })) answers.push(JSON.parse(line))
  return answers
}

t.test('RequestParser takes nothing for one request that Node takes for two', async (t) => {
  const requests = [...wireCases().values()].flat()
    .filter(({ bytes, method }) => method === undefined && bytes.length < 600)
  const below = numbers(SEED)
  const texts = requests.map(({ bytes }) => bytes + SMUGGLED)
  while (texts.length < ROUNDS) {
    let text = requests[below(requests.length)]!.bytes
    for (let i = below(3); i >= 0; i--) text = damaged(text, below)
    texts.push(text + SMUGGLED)
  }
  const answers = await reference(texts)
  t.equal(answers.length, texts.length)
  const disagreeing = texts.filter((text, i) => {
    const { found, refused } = ours(text)
    const theirs = answers[i] as Found[]
    const more = !refused && theirs.length > found.length
    return more || found.some(({ method, body }, at) => {
      const other = theirs[at]
      return other !== undefined && (other.method !== method || other.body !== body)
    })
  })
  t.same(disagreeing, [])
  const both = texts.filter((text, i) => ours(text).found.length === answers[i]?.length).length
  t.ok(both > texts.length / 10, `${both} of ${texts.length} are read alike`)
})
