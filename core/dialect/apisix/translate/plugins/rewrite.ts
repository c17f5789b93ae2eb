import type {
  FilterConfig,
  HeaderChangesConfig,
  HeaderConfig,
  ReplaceConfig,
} from '../../../../snapshot/types.ts'
import { isTable, listOf, numberOf, type Table, tableOf, textOf, textsOf } from '../../table.ts'
import { translateVars } from '../conditions.ts'
import type { TranslatePlugin } from './types.ts'

export const proxyRewrite: TranslatePlugin = (conf, { base, warn }) => {
  if (conf['scheme'] !== undefined) {
    warn('proxy-rewrite: scheme is that of the upstream, and is not changed for one route')
  }
  return [{
    ...base,
    type: 'rewrite',
    uri: textOf(conf, 'uri'),
    regex: pairs(textsOf(conf, 'regex_uri')),
    stripPrefix: undefined,
    addPrefix: undefined,
    method: textOf(conf, 'method'),
    host: textOf(conf, 'host'),
    headers: requestHeaders(tableOf(conf, 'headers')),
    raw: conf['use_real_request_uri_unsafe'] === true,
  }]
}

/** Pairs of a pattern and what takes the place of what it describes. */
function pairs(parts: readonly string[]): readonly ReplaceConfig[] {
  const all: ReplaceConfig[] = []
  for (let at = 0; at + 1 < parts.length; at += 2) {
    all.push({ pattern: parts[at] as string, replacement: parts[at + 1] as string })
  }
  return all
}

/** The old form, names with values, sets fields; an empty value takes a field away. */
function requestHeaders(headers: Table | undefined): HeaderChangesConfig {
  const { add, set, remove } = headers ?? {}
  if (isTable(add) || isTable(set) || Array.isArray(remove)) {
    return {
      set: fields(tableOf(headers, 'set')),
      add: fields(tableOf(headers, 'add')),
      remove: textsOf(headers, 'remove'),
    }
  }
  const all = fields(headers)
  return {
    set: all.filter(({ value }) => value !== ''),
    add: [],
    remove: all.filter(({ value }) => value === '').map(({ name }) => name),
  }
}

function fields(table: Table | undefined): readonly HeaderConfig[] {
  return Object.entries(table ?? {}).map(([name, value]) => ({ name, value: String(value) }))
}

export const responseRewrite: TranslatePlugin = (conf, { base, warn }): readonly FilterConfig[] => {
  const when = conf['vars'] === undefined ? [] : translateVars(conf['vars'])
  if (typeof when === 'string') {
    warn(`response-rewrite: ${when}, so it does nothing`)
    return []
  }
  return [{
    ...base,
    when: [...base.when, ...when],
    type: 'response',
    status: numberOf(conf, 'status_code'),
    body: textOf(conf, 'body'),
    base64: conf['body_base64'] === true,
    headers: responseHeaders(tableOf(conf, 'headers')),
    replace: listOf(conf, 'filters').filter(isTable).map((filter) => ({
      pattern: textOf(filter, 'regex') ?? '',
      replacement: textOf(filter, 'replace') ?? '',
      all: filter['scope'] === 'global',
      anyCase: (textOf(filter, 'options') ?? 'jo').includes('i'),
    })),
  }]
}

function responseHeaders(headers: Table | undefined): HeaderChangesConfig {
  const { add, set, remove } = headers ?? {}
  if (!Array.isArray(add) && !isTable(set) && !Array.isArray(remove)) {
    return { set: fields(headers), add: [], remove: [] }
  }
  return {
    set: fields(tableOf(headers, 'set')),
    add: textsOf(headers, 'add').flatMap((text) => {
      const colon = text.indexOf(':')
      const name = text.slice(0, colon).trim()
      return colon > 0 ? [{ name, value: text.slice(colon + 1).trim() }] : []
    }),
    remove: textsOf(headers, 'remove'),
  }
}

export const redirect: TranslatePlugin = (conf, { base, options }) => {
  const [regex] = pairs(textsOf(conf, 'regex_uri'))
  return [{
    ...base,
    type: 'redirect',
    toHttps: conf['http_to_https'] === true,
    httpsPort: options.httpsPort === 443 ? undefined : options.httpsPort,
    uri: textOf(conf, 'uri'),
    regex,
    status: conf['http_to_https'] === true ? undefined : numberOf(conf, 'ret_code') ?? 302,
    encode: conf['encode_uri'] === true,
    appendQuery: conf['append_query_string'] === true,
  }]
}

const ALGORITHMS: Readonly<Record<string, 'uuid' | 'nanoid' | 'range' | 'ksuid'>> = {
  range_id: 'range',
  nanoid: 'nanoid',
  ksuid: 'ksuid',
}

export const requestId: TranslatePlugin = (conf, { base }) => {
  const algorithm = textOf(conf, 'algorithm') ?? 'uuid'
  const range = tableOf(conf, 'range_id')
  return [{
    ...base,
    type: 'request-id',
    header: textOf(conf, 'header_name') ?? 'X-Request-Id',
    inResponse: conf['include_in_response'] !== false,
    algorithm: ALGORITHMS[algorithm] ?? 'uuid',
    characters: textOf(range, 'char_set') ??
      'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789',
    length: numberOf(range, 'length') ?? 16,
  }]
}
