import type { RequestIdFilterConfig } from '../snapshot/types.ts'
import { fieldValue } from '../vars/mod.ts'
import { setField } from './headers.ts'
import type { Maker } from './making.ts'

/** `request-id`: a name for a request that has none, for both sides. */
export const makeRequestId: Maker<RequestIdFilterConfig> = (config) => {
  const lower = config.header.toLowerCase()
  return {
    onRequest: (passage) => {
      const { facts, means } = passage
      let id = facts.header(lower)
      if (id === undefined || id === '') {
        id = makeId(config, means.random)
        passage.setHeader(config.header, id)
      }
      const own = id
      if (config.inResponse) {
        passage.onResponse.push((_, response) => {
          if ((fieldValue(response.headers, lower) ?? '') === '') {
            setField(response, config.header, own)
          }
        })
      }
      return undefined
    },
  }
}

const NANOID = 'ModuleSymbhasOwnPr-0123456789ABCDEFGHNRVfgctiUvz_KqYTJkLxpZXIjQW'

function makeId(
  { algorithm, characters, length }: RequestIdFilterConfig,
  random: (length: number) => Uint8Array,
): string {
  if (algorithm === 'uuid') return uuid(random(16))
  if (algorithm === 'nanoid') return pick(NANOID, 21, random)
  return pick(characters, length, random)
}

/** RFC 9562 section 5.4. */
function uuid(bytes: Uint8Array): string {
  bytes[6] = bytes[6]! & 0x0f | 0x40
  bytes[8] = bytes[8]! & 0x3f | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

function pick(characters: string, length: number, random: (length: number) => Uint8Array): string {
  const bytes = random(length * 2)
  let text = ''
  for (let i = 0; i < length; i++) {
    text += characters[(bytes[i * 2]! * 256 + bytes[i * 2 + 1]!) % characters.length]
  }
  return text
}
