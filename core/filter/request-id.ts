import type { RequestIdFilterConfig } from '../snapshot/types.ts'
import { fieldValue } from '../vars/mod.ts'
import { setField } from './headers.ts'
import type { Maker } from './making.ts'
import type { ResponseInHand } from './types.ts'

/** `request-id`: a name for a request that has none, for both sides. */
export const makeRequestId: Maker<RequestIdFilterConfig> = (config) => {
  const lower = config.header.toLowerCase()
  return {
    onRequest: (passage) => {
      const { facts, means } = passage
      let id = config.replace === true ? undefined : facts.header(lower)
      if (id === undefined || id === '') {
        const other = config.from === undefined ? undefined : facts.header(config.from)
        id = other ?? makeId(config, means.random, passage.now)
        passage.setHeader(config.header, id)
      }
      const own = id
      if (config.variable !== undefined) facts.named.set(config.variable, own)
      if (config.inResponse && config.answers !== 'keep') {
        passage.onResponse.push((_, response) => tell(response, config, own))
      }
      return undefined
    },
  }
}

function tell(
  response: ResponseInHand,
  { header, answers }: RequestIdFilterConfig,
  own: string,
): void {
  const theirs = fieldValue(response.headers, header.toLowerCase()) ?? ''
  if (answers === 'merge' && theirs !== '' && theirs !== own) response.headers.push(header, own)
  else if (answers === 'override' || theirs === '') setField(response, header, own)
}

const NANOID = 'ModuleSymbhasOwnPr-0123456789ABCDEFGHNRVfgctiUvz_KqYTJkLxpZXIjQW'

function makeId(
  { algorithm, characters, length }: RequestIdFilterConfig,
  random: (length: number) => Uint8Array,
  now: number,
): string {
  if (algorithm === 'ksuid') return ksuid(random(16), now)
  if (algorithm === 'uuid') return uuid(random(16))
  if (algorithm === 'nanoid') return pick(NANOID, 21, random)
  return pick(characters, length, random)
}

/** Seconds from 1970 to where KSUIDs count from. */
const KSUID_EPOCH = 1_400_000_000
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Seconds and 16 random bytes in base 62 (github.com/segmentio/ksuid): names that sort by time. */
function ksuid(payload: Uint8Array, now: number): string {
  let value = BigInt(Math.floor(now / 1000) - KSUID_EPOCH)
  for (const byte of payload) value = value << 8n | BigInt(byte)
  let text = ''
  for (let i = 0; i < 27; i++) {
    text = BASE62[Number(value % 62n)] + text
    value /= 62n
  }
  return text
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
