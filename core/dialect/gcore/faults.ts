/** A call that is answered with an error. Thrown inside the room; its face answers it. */
export class ApiFault extends Error {
  readonly status: number
  readonly exceptionClass: string
  readonly extra: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    exceptionClass: string,
    message: string,
    { extra = {}, headers = {} }: {
      readonly extra?: Readonly<Record<string, unknown>>
      readonly headers?: Readonly<Record<string, string>>
    } = {},
  ) {
    super(message)
    this.name = 'ApiFault'
    this.status = status
    this.exceptionClass = exceptionClass
    this.extra = extra
    this.headers = headers
  }
}

/** Fields that are wrong, and why: `{ name: ['Field required'] }`. */
export type InvalidFields = Readonly<Record<string, readonly string[]>>

/** 400, naming the fields in the way of the API: `Validation Error: {'name': ['Field required']}`. */
export function invalid(fields: InvalidFields): ApiFault {
  const told = Object.entries(fields).map(([name, reasons]) =>
    `${quote(name)}: [${reasons.map(quote).join(', ')}]`
  )
  const message = `Validation Error: {${told.join(', ')}}`
  return new ApiFault(400, 'ValidationError', message, { extra: { invalid_fields: fields } })
}

/** 404; the same for what is in another project or region. */
export function notFound(kind: string, id: string): ApiFault {
  return new ApiFault(404, 'NotFoundError', `${kind} ${id.slice(0, 80)} could not be found`)
}

/** 409: what is there stands in the way. */
export function conflict(message: string): ApiFault {
  return new ApiFault(409, 'ConflictError', message)
}

/** 403: more than a load balancer may have. */
export function overQuota(
  attribute: string,
  { usage, wanted, limit }: {
    readonly usage: number
    readonly wanted: number
    readonly limit: number
  },
): ApiFault {
  const message = `Quota limit exceeded for ${attribute}: ` +
    `${usage} in use, ${wanted} requested, ${limit} allowed`
  const info = { attribute, current_usage: usage, requested_usage: wanted, limit }
  return new ApiFault(403, 'QuotaLimitExceed', message, { extra: { info } })
}

/** Text in single quotes, as a Python literal. */
function quote(text: string): string {
  return text.includes("'") && !text.includes('"')
    ? `"${text}"`
    : `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
