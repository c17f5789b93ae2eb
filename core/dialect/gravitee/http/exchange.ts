import type { Context, Hono } from 'hono'
import { Fault } from '../faults.ts'
import type { Actor, Management } from '../management.ts'

/** What every handler finds. */
export interface Variables {
  readonly Variables: { actor: Actor }
}

/** A request within the API. */
export type Call = Context<Variables>

/** A part of the API. */
export type Part = Hono<Variables>

/** Adds routes to a part of the API. */
export type AddRoutes = (app: Part, management: Management) => void

/** The URL that was asked for. */
export function urlOf(call: Call): URL {
  return new URL(call.req.url)
}

/** A parameter of the path. */
export function param(call: Call, name: string): string {
  return call.req.param(name) ?? ''
}

/** The values of a query parameter, repeated or between commas. */
export function listOf(call: Call, name: string): string[] | undefined {
  const values = call.req.queries(name)
  if (values === undefined) return undefined
  const all = values.flatMap((value) => value.split(',')).map((value) => value.trim())
  return all.filter((value) => value !== '')
}

/** The values of a query parameter that are each one of some words. Throws Fault. */
export function wordsOf<T extends string>(
  call: Call,
  name: string,
  words: readonly T[],
): readonly T[] | undefined {
  return listOf(call, name)?.map((text) => {
    const word = words.find((each) => each === text.toUpperCase())
    if (word !== undefined) return word
    const message = `No enum constant ${text}`
    throw new Fault(400, `Query parameter ${name} does not have a valid format`, {
      details: [{ message, location: name }],
    })
  })
}

/** 201 with the place of what was made. */
export function created(call: Call, id: string, body: Record<string, unknown>): Response {
  const url = urlOf(call)
  return call.json(body, 201, { Location: `${url.origin}${url.pathname.replace(/\/$/, '')}/${id}` })
}

/** Whether what is asked for is only to be tried. */
export function isDry(call: Call): boolean {
  return call.req.query('dryRun') === 'true'
}

/** Whether `If-Match` (RFC 9110 section 13.1.1) is met. */
export function isWanted(call: Call, { updatedAt }: { readonly updatedAt: number }): boolean {
  const wanted = call.req.header('if-match')
  return wanted === undefined || wanted === '*' || wanted.includes(`"${updatedAt}"`) ||
    wanted === String(updatedAt)
}

/** 204. */
export function noContent(call: Call): Response {
  return call.body(null, 204)
}
