import { concat, type LocalAnswer } from './local.ts'
import type { FilteredResponse } from './filtered.ts'

/** A response that waits for its whole body, because that is changed as a whole. */
export class HeldBody {
  /** The longest body that is held, in bytes. */
  static readonly MOST: number = 4 * 1024 * 1024

  readonly #response: FilteredResponse
  readonly #parts: Uint8Array[] = []
  #length = 0

  constructor(response: FilteredResponse) {
    this.#response = response
  }

  /** False: it has become too long. */
  push(bytes: Uint8Array): boolean {
    if (this.#response.reads !== true) return true
    this.#length += bytes.length
    this.#parts.push(bytes)
    return this.#length <= HeldBody.MOST
  }

  whole(): LocalAnswer {
    const came = concat(this.#parts)
    const { status, headers, body } = this.#response
    return { status, headers, body: body?.(came) ?? came }
  }
}
