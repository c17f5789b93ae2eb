import { Fault } from '../faults.ts'
import type { Call, Part } from './exchange.ts'

/** What Jersey answers where no resource takes a request, before any of Gravitee's code is asked. */
export class Framework {
  readonly #app: Part
  #places: readonly { readonly method: string; readonly pattern: RegExp }[] | undefined

  constructor(app: Part) {
    this.#app = app
  }

  /** Why nothing takes a request: nothing is there, or only for other methods. */
  unmatched(call: Call): Fault {
    const methods = this.#methodsAt(call.req.path)
    if (methods.length === 0) return new Fault(404, 'HTTP 404 Not Found')
    const headers = { Allow: [...methods, 'OPTIONS'].join(',') }
    return new Fault(405, 'HTTP 405 Method Not Allowed', { headers })
  }

  /** The methods that a place takes, in Jersey's words for `OPTIONS`; undefined where nothing is there. */
  options(path: string): string | undefined {
    const methods = this.#methodsAt(path)
    return methods.length === 0 ? undefined : [...methods, 'OPTIONS'].join(',')
  }

  #methodsAt(path: string): string[] {
    this.#places ??= this.#app.routes
      .filter(({ method, path }) => method !== 'ALL' && !path.endsWith('*'))
      .map(({ method, path }) => ({ method, pattern: patternOf(path) }))
    const found = this.#places.filter(({ pattern }) => pattern.test(path))
    const methods = new Set(found.map(({ method }) => method))
    if (methods.has('GET')) methods.add('HEAD')
    return [...methods].sort()
  }
}

function patternOf(path: string): RegExp {
  const steps = path.split('/').map((step) =>
    step.startsWith(':') ? '[^/]+' : step.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  )
  return new RegExp(`^${steps.join('/')}/?$`)
}

/** What is answered that is not JSON. */
const OTHER_TYPES: readonly (readonly [RegExp, string])[] = [
  [/\/_export$/, 'text/csv'],
  [/\/subscriptions\/export$/, 'text/plain'],
  [/\/_export\/crd$/, 'application/x-yaml'],
]

/** Checks that a client takes what will be answered. Throws Fault. */
export function checkAcceptable(call: Call): void {
  const accept = call.req.header('accept')
  // Answers without a body are nobody's to refuse.
  if (accept === undefined || accept.trim() === '' || call.req.method === 'DELETE') return
  if (/\/(_start|_stop|deployments)$/.test(call.req.path)) return
  const other = OTHER_TYPES.find(([at]) => at.test(call.req.path))?.[1]
  const type = other ?? 'application/json'
  const wanted = accept.split(',').map((each) => {
    const [range = '', ...parameters] = each.split(';').map((part) => part.trim().toLowerCase())
    return { range, refused: parameters.some((part) => /^q=0(\.0*)?$/.test(part)) }
  })
  const taken = [type, `${type.split('/')[0]}/*`, '*/*', '*']
  if (wanted.some(({ range, refused }) => !refused && taken.includes(range))) return
  throw new Fault(406, 'HTTP 406 Not Acceptable')
}
