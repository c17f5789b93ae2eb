import type { WireError, WireErrorCode } from './types.ts'

/** Makes a {@linkcode WireError}. */
export function wireError(code: WireErrorCode, detail: string, clause: string): WireError {
  return { code, detail, clause }
}

/** Whose message is read: decides the codes of what is wrong with it. */
export interface Role {
  readonly malformed: 'MALFORMED_REQUEST' | 'MALFORMED_RESPONSE'
  readonly headTooLarge: WireErrorCode
  readonly bodyTooLarge: WireErrorCode
  readonly codingUnsupported: WireErrorCode
}

export const REQUEST: Role = {
  malformed: 'MALFORMED_REQUEST',
  headTooLarge: 'HEAD_TOO_LARGE',
  bodyTooLarge: 'BODY_TOO_LARGE',
  codingUnsupported: 'TRANSFER_CODING_UNSUPPORTED',
}

/** Towards an upstream there is one code: what it did wrong stands in the detail. */
export const RESPONSE: Role = {
  malformed: 'MALFORMED_RESPONSE',
  headTooLarge: 'MALFORMED_RESPONSE',
  bodyTooLarge: 'MALFORMED_RESPONSE',
  codingUnsupported: 'MALFORMED_RESPONSE',
}
