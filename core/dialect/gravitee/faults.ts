/** A detail of what is wrong with a body. */
export interface FaultDetail {
  readonly message: string
  readonly location?: string
  readonly invalidValue?: unknown
}

/** What a fault says besides its message. */
export interface FaultOptions {
  readonly code?: string
  readonly parameters?: Readonly<Record<string, string>>
  readonly details?: readonly FaultDetail[]
  /** It is answered as text, not in the form of the API's other faults. */
  readonly text?: boolean
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Why the Management API does not do what was asked, in Gravitee's words. Thrown within this room, answered at its
 * door; it never leaves it.
 */
export class Fault extends Error {
  readonly status: number
  readonly code: string | undefined
  readonly parameters: Readonly<Record<string, string>> | undefined
  readonly details: readonly FaultDetail[]
  readonly text: boolean
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, message: string, options: FaultOptions = {}) {
    super(message)
    this.name = 'Fault'
    this.status = status
    this.code = options.code
    this.parameters = options.parameters
    this.details = options.details ?? []
    this.text = options.text ?? false
    this.headers = options.headers ?? {}
  }
}

/** 400 with a technical code. */
export function bad(
  code: string,
  message: string,
  parameters?: Readonly<Record<string, string>>,
): Fault {
  return new Fault(400, message, parameters === undefined ? { code } : { code, parameters })
}

const NAMES = {
  api: 'Api',
  plan: 'Plan',
  application: 'Application',
  subscription: 'Subscription',
  environment: 'Environment',
  organization: 'Organization',
} as const

/** 404 for a thing that is not there. */
export function notFound(kind: keyof typeof NAMES, id: string): Fault {
  const message = `${NAMES[kind]} [${id}] cannot be found.`
  return new Fault(404, message, { code: `${kind}.notFound`, parameters: { [kind]: id } })
}

/** 403: known, but not allowed. */
export function forbidden(): Fault {
  const message = 'You do not have sufficient rights to access this resource'
  return new Fault(403, message, { code: 'forbidden' })
}

/** 400 for a body that is not as it should be. */
export function invalidBody(details: readonly FaultDetail[]): Fault {
  return new Fault(400, 'Validation error', { details })
}

/** 400 for a value that does not fit into its place, such as a word that is none of those that may stand there. */
export function invalidValue(message: string, location: string): Fault {
  return new Fault(400, message, { code: 'invalidValue', details: [{ message, location }] })
}
