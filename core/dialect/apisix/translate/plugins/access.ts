import type { FilterConfig } from '../../../../snapshot/types.ts'
import { isTable, listOf, numberOf, type Table, tableOf, textOf, textsOf } from '../../table.ts'
import { variableOf } from '../conditions.ts'
import { CONSUMER_PREFIX } from '../options.ts'
import type { PluginMeans, TranslatePlugin } from './types.ts'

export const ipRestriction: TranslatePlugin = (conf, { base }) => [{
  ...base,
  type: 'addresses',
  allow: textsOf(conf, 'whitelist'),
  deny: textsOf(conf, 'blacklist'),
  status: numberOf(conf, 'response_code') ?? 403,
  message: textOf(conf, 'message') ?? 'Your IP address is not allowed',
}]

export const realIp: TranslatePlugin = (conf, { base }) => [{
  ...base,
  type: 'real-address',
  source: variableOf(textOf(conf, 'source') ?? ''),
  trusted: textsOf(conf, 'trusted_addresses'),
  recursive: conf['recursive'] === true,
}]

const authBase = (conf: Table, { base }: PluginMeans) => {
  const anonymous = textOf(conf, 'anonymous_consumer')
  return {
    ...base,
    hide: conf['hide_credentials'] === true,
    namePrefix: CONSUMER_PREFIX,
    anonymous: anonymous === undefined ? undefined : `${CONSUMER_PREFIX}${anonymous}`,
  }
}

export const keyAuth: TranslatePlugin = (conf, means) => [{
  ...authBase(conf, means),
  type: 'key-auth',
  header: conf['bearer_token'] === true
    ? 'authorization'
    : (textOf(conf, 'header') ?? 'apikey').toLowerCase(),
  query: textOf(conf, 'query') ?? 'apikey',
  realm: textOf(conf, 'realm') ?? 'key',
  ...(conf['bearer_token'] === true ? { bearer: true } : {}),
}]

export const basicAuth: TranslatePlugin = (conf, means) => [{
  ...authBase(conf, means),
  type: 'basic-auth',
  users: [],
  realm: textOf(conf, 'realm') ?? 'basic',
}]

export const consumerRestriction: TranslatePlugin = (conf, { base }) => [{
  ...base,
  type: 'consumers',
  variable: textOf(conf, 'type') ?? 'consumer_name',
  allow: textsOf(conf, 'whitelist'),
  deny: textsOf(conf, 'blacklist'),
  allowMethods: listOf(conf, 'allowed_by_methods').filter(isTable).map((each) => (
    { name: textOf(each, 'user') ?? '', methods: textsOf(each, 'methods') }
  )),
  status: numberOf(conf, 'rejected_code') ?? 403,
  message: textOf(conf, 'rejected_msg'),
}]

export const cors: TranslatePlugin = (conf, { base, metadata }): readonly FilterConfig[] => {
  const byMetadata = textsOf(conf, 'allow_origins_by_metadata').flatMap((name) =>
    splitAtCommas(textOf(tableOf(metadata, 'allow_origins'), name))
  )
  const byRegex = textsOf(conf, 'allow_origins_by_regex')
  // Where there are patterns, origins that are listed do not count.
  const listed = byRegex.length > 0 ? [] : splitAtCommas(textOf(conf, 'allow_origins') ?? '*')
  return [{
    ...base,
    type: 'cors',
    allowOrigins: [...listed, ...byMetadata],
    allowOriginsByRegex: byRegex,
    allowMethods: textOf(conf, 'allow_methods') ?? '*',
    allowHeaders: textOf(conf, 'allow_headers') ?? '*',
    exposeHeaders: textOf(conf, 'expose_headers') ?? '',
    maxAge: numberOf(conf, 'max_age') ?? 5,
    allowCredentials: conf['allow_credential'] === true,
    timingAllowOrigins: splitAtCommas(textOf(conf, 'timing_allow_origins')),
    timingAllowOriginsByRegex: textsOf(conf, 'timing_allow_origins_by_regex'),
  }]
}

function splitAtCommas(text: string | undefined): readonly string[] {
  return (text ?? '').split(',').map((each) => each.trim()).filter((each) => each !== '')
}
