import type { HeaderList } from '../wire/types.ts'
import type { FilterAnswer, FilterRefusal, FilterRefusalCode } from './types.ts'

/** How a refusal differs from the plainest one. */
export interface StopOptions {
  readonly message?: string | undefined
  readonly key?: 'message' | 'error_msg'
  readonly headers?: HeaderList
}

/** Turns a request away. `detail` is for the operator. */
export function refuse(
  code: FilterRefusalCode,
  [status, detail]: readonly [number, string],
  { message, key = 'message', headers = [] }: StopOptions = {},
): FilterRefusal {
  const told = message === undefined ? undefined : { key, text: message }
  return { kind: 'refusal', code, status, detail, told, headers }
}

/** Answers a request. Without a body, the style's page for the status is shown. */
export function answer(
  status: number,
  headers: HeaderList,
  body?: string | Uint8Array,
): FilterAnswer {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  return { kind: 'answer', status, headers, body: bytes }
}
