import { isStoreFailure, type StoreFailure } from '../../../store/mod.ts'
import { idOf, isTable } from '../table.ts'
import type { Kind } from './kinds.ts'
import type { ResourceContext } from './types.ts'

/** Says which document still names one that is to be deleted, in APISIX's words. */
export async function findUser(
  { users, deleting }: Kind,
  id: string,
  { documents }: ResourceContext,
): Promise<string | StoreFailure | undefined> {
  for (const { kind, field, word } of users) {
    const all = await documents(`/${kind}`)
    if (isStoreFailure(all)) return all
    const user = all.find(({ value }) => isTable(value) && idOf(value, field) === id)
    if (user === undefined) continue
    const name = user.key.slice(kind.length + 2)
    return `can not delete ${deleting}, ${word} [${name}] is still using it now`
  }
  return undefined
}
