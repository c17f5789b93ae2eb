import { compileReplacement, type Regex, replaceFound } from '../regex/mod.ts'
import type { BodyReplaceConfig, ResponseFilterConfig } from '../snapshot/types.ts'
import { makeErrorPages } from './error-pages.ts'
import { changeResponse, compileHeaderChanges } from './headers.ts'
import type { Maker, Making } from './making.ts'
import { without } from './passage.ts'
import type { ResponseInHand } from './types.ts'

/** Fields that speak of the body as the endpoint sent it. */
const OF_BODY = ['content-length', 'content-encoding', 'etag', 'last-modified']

/** `response`: another status, other fields, another body. */
export const makeResponse: Maker<ResponseFilterConfig> = (config, making) => {
  const changes = compileHeaderChanges(config.headers)
  const body = compileBody(config, making)
  const replacers = config.replace.map((each, index) => compileReplace(each, index, making))
  const { status, pages } = config
  if (pages !== undefined) return { onResponse: makeErrorPages(pages, making) }
  return {
    onResponse: (passage, response) => {
      if (status !== undefined) response.status = status
      if (body !== undefined || replacers.length > 0) dropBodyFields(response)
      if (body !== undefined) {
        response.body = body
      } else if (replacers.length > 0) {
        const before = response.change
        response.change = (bytes) => {
          const text = latin1Text(before === undefined ? bytes : before(bytes))
          return latin1(replacers.reduce((done, replace) => replace(done), text))
        }
      }
      if (changes !== undefined) changeResponse(changes, passage, response)
    },
  }
}

function dropBodyFields(response: ResponseInHand): void {
  for (const name of OF_BODY) response.headers = without(response.headers, name)
}

function compileBody(
  { body, base64 }: ResponseFilterConfig,
  making: Making,
): Uint8Array | undefined {
  if (body === undefined) return undefined
  if (!base64) return new TextEncoder().encode(body)
  try {
    return latin1(atob(body))
  } catch {
    making.fail(['body'], 'Could not use body: it is not base64')
    return undefined
  }
}

function compileReplace(
  { pattern, replacement, all, anyCase }: BodyReplaceConfig,
  index: number,
  making: Making,
): (text: string) => string {
  const regex: Regex | undefined = making.regex(pattern, ['replace', index, 'pattern'], anyCase)
  const by = compileReplacement(replacement)
  if (regex === undefined) return (text) => text
  return (text) => replaceFound(regex, text, { by: (found) => by(text, found), all }) ?? text
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0))
}

function latin1Text(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  }
  return text
}
