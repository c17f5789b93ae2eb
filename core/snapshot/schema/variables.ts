import type * as z from 'zod'
import { isMap } from '../problems.ts'
import { Mismatch, scalar } from './structure.ts'

const NAME = /^[A-Za-z_][\w.-]{0,127}$/

/** The name of a variable, such as `remote_addr` or `http_x_user`. */
export function variableName(): z.ZodType<string> {
  return scalar((raw) =>
    typeof raw === 'string' && NAME.test(raw)
      ? raw
      : new Mismatch('expected the name of a variable, such as remote_addr')
  )
}

/** Variables with the values that requests have them with. */
export function variables(): z.ZodType<Readonly<Record<string, string>>> {
  return scalar((raw) => {
    const wrong = new Mismatch('expected a map from names of variables to texts')
    if (!isMap(raw)) return wrong
    const found: Record<string, string> = {}
    for (const [name, value] of Object.entries(raw)) {
      if (!NAME.test(name) || typeof value !== 'string') return wrong
      found[name] = value
    }
    return found
  })
}
