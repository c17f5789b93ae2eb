import type { ErrorPageConfig, ErrorPagesConfig } from '../snapshot/types.ts'
import { compileVariable, type Facts, isKnownVariable } from '../vars/mod.ts'
import { setField } from './headers.ts'
import type { Making } from './making.ts'
import type { OnResponse } from './types.ts'

/** Stands for every media type. */
const ANY = '*/*'
/** Stands for every key that has no pages of its own. */
const USUAL = 'DEFAULT'

interface Page {
  readonly status: number | undefined
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  readonly body: (facts: Facts) => string
  readonly type: string
}

type Pages = ReadonlyMap<string, ReadonlyMap<string, Page>>

/** Puts pages in place of the gateway's own refusals: by their keys, and by what the client would rather have. */
export function makeErrorPages(config: ErrorPagesConfig, making: Making): OnResponse {
  const pages: Pages = new Map(
    Object.entries(config).map(([key, byType]) => [
      key,
      new Map(Object.entries(byType).map(([type, page]) => [type, compile(type, page, making)])),
    ]),
  )
  return ({ facts }, response) => {
    const keys = facts.named.get('error_key')?.split(' ')
    if (keys === undefined || response.upstream) return
    const byType = keys.map((key) => pages.get(key)).find((found) => found !== undefined) ??
      pages.get(USUAL)
    const page = byType && choose(byType, facts.header('accept'))
    if (page === undefined) return
    if (page.status !== undefined) response.status = page.status
    const body = page.body(facts)
    response.body = bytesOf(body)
    if (page.type !== ANY) setField(response, 'Content-Type', page.type)
    if (body === '') setField(response, 'Content-Type', '')
    for (const { name, value } of page.headers) setField(response, name, value)
  }
}

function compile(type: string, { status, headers, body }: ErrorPageConfig, making: Making): Page {
  const parts = body.map((part) => {
    if (typeof part === 'string') return () => part
    const { variable } = part
    if (!isKnownVariable(variable)) making.fail(['pages'], `There is no variable "${variable}"`)
    const read = compileVariable(variable)
    // Variables have a character a byte.
    return (facts: Facts) => textOf(read(facts) ?? '')
  })
  return {
    ...{ status, headers, type },
    body: (facts) => parts.map((part) => part(facts)).join(''),
  }
}

function choose(byType: ReadonlyMap<string, Page>, accept: string | undefined): Page | undefined {
  for (const type of wantedTypes(accept ?? '')) {
    const page = byType.get(type)
    if (page !== undefined) return page
  }
  return byType.get(ANY)
}

/** Media types of an Accept field, the best first (RFC 9110 section 12.5.1). */
function wantedTypes(accept: string): string[] {
  const ranges = accept.split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const quality = parameters.map((each) => /^q\s*=\s*([\d.]+)$/.exec(each)?.[1])
      .find((found) => found !== undefined)
    return { type, quality: quality === undefined ? 1 : Number(quality) }
  })
  return ranges.filter(({ type, quality }) => type !== '' && quality > 0)
    .sort((a, b) => b.quality - a.quality).map(({ type }) => type)
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function textOf(latin1: string): string {
  return new TextDecoder().decode(Uint8Array.from(latin1, (char) => char.charCodeAt(0)))
}
