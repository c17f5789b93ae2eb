import type { Json } from '../../../store/types.ts'

/** What a document must look like, in the words of JSON Schema (draft 7) that APISIX uses. */
export interface Schema {
  readonly description?: string
  readonly title?: string
  readonly type?: TypeName | readonly TypeName[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly dependencies?: Readonly<Record<string, readonly string[] | Schema>>
  readonly items?: Schema
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: boolean
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly enum?: readonly Json[]
  readonly allOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly if?: Schema
  readonly then?: Schema
  readonly else?: Schema
  readonly not?: Schema
  readonly format?: 'ipv4' | 'ipv6'
  /** What holds where nothing is said. It is not put into documents. */
  readonly default?: Json
}

/** JSON's types. `object` takes an empty array and `array` an empty object, as Lua cannot tell them apart. */
export type TypeName = 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean'
