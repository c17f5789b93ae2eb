import { groupText, replaceFound } from '../regex/mod.ts'
import type { RedirectFilterConfig, RespondFilterConfig } from '../snapshot/types.ts'
import { compileTemplate, encodePath, type Facts } from '../vars/mod.ts'
import { compileHeaderChanges } from './headers.ts'
import type { Maker, Making } from './making.ts'
import { fieldText } from './passage.ts'
import { answer } from './stops.ts'

/** Where a request is sent; undefined: nowhere. */
type Target = (facts: Facts) => string | undefined

/** `redirect`: another place for the client to ask. */
export const makeRedirect: Maker<RedirectFilterConfig> = (config, making) => {
  const target = config.toHttps ? httpsTarget(config) : otherTarget(config, making)
  const { toHttps, status } = config
  return {
    onRequest: ({ facts }) => {
      const found = target?.(facts)
      if (found === undefined) return undefined
      const location = toHttps ? found : finish(config, facts, found)
      const safeMethod = facts.head.method === 'GET' || facts.head.method === 'HEAD'
      const code = status ?? (!toHttps ? 302 : safeMethod ? 301 : 308)
      return answer(code, ['Location', fieldText(location)])
    },
  }
}

function httpsTarget({ httpsPort }: RedirectFilterConfig): Target {
  const port = httpsPort === undefined || httpsPort === 443 ? '' : `:${httpsPort}`
  return (facts) => {
    // Behind a proxy that ends TLS, its word counts: going round in circles helps nobody.
    const told = facts.header('x-forwarded-proto')
    if ((told ?? (facts.client.secure ? 'https' : 'http')) !== 'http') return undefined
    return `https://${facts.head.host}${port}${facts.head.target}`
  }
}

function otherTarget({ uri, regex }: RedirectFilterConfig, making: Making): Target | undefined {
  if (uri !== undefined) {
    const template = compileTemplate(uri)
    return (facts) => template.render(facts)
  }
  if (regex === undefined) return undefined
  const pattern = making.regex(regex.pattern, ['regex', 'pattern'])
  const template = compileTemplate(regex.replacement)
  if (pattern === undefined) return undefined
  return (facts) => {
    const { uri: from } = facts
    return replaceFound(pattern, from, {
      all: false,
      by: (found) => template.render(facts, { group: (index) => groupText(from, found, index) }),
    })
  }
}

function finish(
  { encode, appendQuery }: RedirectFilterConfig,
  { head: { query } }: Facts,
  location: string,
): string {
  const mark = location.indexOf('?')
  const path = mark < 0 ? location : location.slice(0, mark)
  const own = mark < 0 ? '' : location.slice(mark)
  const encoded = (encode ? encodePath(path) : path) + own
  if (!appendQuery || query.length < 2) return encoded
  return encoded + (mark < 0 ? '?' : '&') + query.slice(1)
}

/** `respond`: an answer in the upstream's place. */
export const makeRespond: Maker<RespondFilterConfig> = ({ status, headers, body }) => {
  const changes = compileHeaderChanges({ set: [], add: headers, remove: [] })
  const template = body === undefined ? undefined : compileTemplate(body)
  return {
    onRequest: ({ facts }) => {
      const fields = (changes?.add ?? []).flatMap(({ name, value }) => [
        name,
        fieldText(value.render(facts)),
      ])
      if (template === undefined) return answer(status, fields)
      // Variables have one character a byte.
      const bytes = Uint8Array.from(template.render(facts), (char) => char.charCodeAt(0))
      return answer(status, fields, bytes)
    },
  }
}
