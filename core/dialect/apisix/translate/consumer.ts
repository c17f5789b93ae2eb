import type { ApplicationConfig, FilterConfig } from '../../../snapshot/types.ts'
import { idOf, type Table, tableOf, textOf } from '../table.ts'
import { CONSUMER_PREFIX, type TranslateOptions } from './options.ts'
import { type Notes, readReference } from './outcome.ts'
import { mergePlugins, translatePlugins } from './plugins/mod.ts'

/** What translating a consumer needs. */
export interface ConsumerMeans {
  readonly options: TranslateOptions
  readonly notes: Notes
  readonly credentials: readonly Table[]
  readonly document: (kind: string, id: string) => Table | undefined
}

const AUTH = ['key-auth', 'basic-auth']

/** What a consumer asks for, with its credentials and its group. */
export function translateConsumer(
  username: string,
  conf: Table,
  { options, notes, credentials, document }: ConsumerMeans,
): ApplicationConfig | undefined {
  const groupId = idOf(conf, 'group_id')
  const group = groupId === undefined ? undefined : document('consumer_groups', groupId)
  const plugins = mergePlugins(tableOf(conf, 'plugins'), tableOf(group, 'plugins'))
  const others = Object.fromEntries(
    Object.entries(plugins).filter(([name]) => !AUTH.includes(name)),
  )
  const filters = translatePlugins(others, {
    options,
    notes,
    metadata: (name) => document('plugin_metadata', name),
  })
  if (filters === undefined) return undefined
  const proofs = [conf, ...credentials].map((each) => ({
    plugins: tableOf(each, 'plugins'),
    ...(each === conf ? {} : { id: idOf(each, 'id') }),
  }))
  return {
    name: `${CONSUMER_PREFIX}${username}`,
    certificates: [],
    apiKeys: proofs.flatMap(({ plugins: each, ...name }) =>
      secret(tableOf(each, 'key-auth'), 'key', { options, notes }).map((key) => (
        { key, from: undefined, until: undefined, ...name }
      ))
    ),
    subscriptions: [],
    logins: proofs.flatMap(({ plugins: each, ...name }) => {
      const login = tableOf(each, 'basic-auth')
      const user = textOf(login, 'username')
      if (user === undefined) return []
      return secret(login, 'password', { options, notes })
        .map((password) => ({ user, password, ...name }))
    }),
    filters: groupId !== undefined && group === undefined ? [NO_GROUP] : filters,
    variables: variablesOf(groupId, textOf(tableOf(conf, 'labels'), 'custom_id')),
  }
}

/** Whoever belongs to a group that is not there gets 503, as in APISIX. */
const NO_GROUP: FilterConfig = {
  type: 'respond',
  status: 503,
  headers: [],
  body: undefined,
  when: [],
  priority: undefined,
}

function variablesOf(
  group: string | undefined,
  custom: string | undefined,
): Readonly<Record<string, string>> {
  return {
    ...(group === undefined ? {} : { consumer_group_id: group }),
    ...(custom === undefined ? {} : { consumer_custom_id: custom }),
  }
}

function secret(
  table: Table | undefined,
  name: string,
  { options, notes }: Pick<ConsumerMeans, 'options' | 'notes'>,
): string[] {
  const text = textOf(table, name)
  if (text === undefined) return []
  const read = readReference(text, options)
  if ('value' in read) return [read.value]
  notes.fail(read.wrong)
  return []
}
