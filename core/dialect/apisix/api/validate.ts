import type { Json } from '../../../store/mod.ts'
import { idOf, isTable, type Table, withChanges } from '../table.ts'
import { type Answer, refuse } from './answer.ts'
import { type CheckContext, isWrong } from './checks/types.ts'
import { findKind, type Kind, KINDS } from './kinds.ts'
import { validate } from '../schema/validate.ts'

/** Answers `POST /schema/validate/{kind}`: whether a document meets the schema. */
export function validateSchema(name: string, body: Json | undefined): Answer {
  const kind = findKind(name)
  if (kind === undefined) return refuse(404, `Unsupported resource type: ${name}`)
  if (body === undefined) return refuse(400, 'missing configurations')
  const wrong = validate(kind.schema, body)
  return wrong === undefined ? { status: 200 } : refuse(400, wrong)
}

interface Fault {
  readonly resource_type: string
  readonly index?: number
  readonly error: string
}

/** Answers `POST /configs/validate`: all that is wrong with a whole configuration. */
export async function validateAll(body: Json | undefined, context: CheckContext): Promise<Answer> {
  if (!isTable(body)) return refuse(400, 'invalid request body: invalid configuration')
  const errors = await faultsOf(body, context)
  if (errors.length === 0) return { status: 200, body: {} }
  const told = errors.map((each) => ({ ...each }) as Json)
  return { status: 400, body: { error_msg: 'Configuration validation failed', errors: told } }
}

/** All that is wrong with the documents of a configuration, by kind. */
export async function faultsOf(body: Table, context: CheckContext): Promise<readonly Fault[]> {
  const faults: Fault[] = []
  for (const kind of KINDS) {
    const resource_type = kind.name
    const version = body[`${kind.name}_conf_version`]
    if (version !== undefined && typeof version !== 'number') {
      const error = `${kind.name}_conf_version must be a number, got ${typeof version}`
      faults.push({ resource_type, error })
    }
    const items = body[kind.name]
    if (!Array.isArray(items)) continue
    faults.push(...await faultsOfKind(kind, items as readonly Json[], context))
  }
  return faults
}

async function faultsOfKind(
  kind: Kind,
  items: readonly Json[],
  context: CheckContext,
): Promise<Fault[]> {
  const faults: Fault[] = []
  const seen = new Set<string>()
  for (const [index, item] of items.entries()) {
    const tell = (error: string): void => {
      faults.push({ resource_type: kind.name, index, error })
    }
    const wrong = await faultOf(kind, item, context)
    if (wrong !== undefined) tell(`invalid ${kind.name} at index ${index}, err: ${wrong}`)
    const duplicate = isTable(item) ? duplicateOf(kind, item, seen) : undefined
    if (duplicate !== undefined) tell(duplicate)
  }
  return faults
}

async function faultOf(kind: Kind, item: Json, context: CheckContext): Promise<string | undefined> {
  if (!isTable(item)) {
    return 'invalid configuration: wrong type: expected object, got ' + typeof item
  }
  const credential = kind.name === 'consumers' && (idOf(item, 'id') ?? '').includes('/credentials/')
  const checker = credential ? findKind('credentials') ?? kind : kind
  // Clients number what they send, for caches of APISIX's.
  const own = withChanges(item, { modifiedIndex: undefined })
  const conf = credential ? { ...own, id: (idOf(item, 'id') ?? '').split('/').at(-1) ?? '' } : own
  const checked = await checker.check(conf, { ...context, references: false })
  return isWrong(checked) ? checked.wrong : undefined
}

function duplicateOf(kind: Kind, item: Table, seen: Set<string>): string | undefined {
  const named = kind.name === 'consumers' && item['id'] === undefined
  const id = idOf(item, named ? 'username' : 'id')
  if (id === undefined) return undefined
  const word = named ? 'username' : 'id'
  if (seen.has(id)) return `found duplicate ${word} ${id} in ${kind.name}`
  seen.add(id)
  return undefined
}
