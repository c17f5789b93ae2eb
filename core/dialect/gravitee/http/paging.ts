import { invalidBody } from '../faults.ts'

/** Which part of a list is asked for; pages are counted from 1. */
export interface PageRequest {
  readonly page: number
  readonly perPage: number
}

interface Names {
  readonly page: string
  readonly perPage: string
  readonly most: number
  readonly usual: number
}

const V2: Names = { page: 'page', perPage: 'perPage', most: 1000, usual: 10 }
const V1: Names = { page: 'page', perPage: 'size', most: 200, usual: 20 }

/** `?page&perPage`, as the v2 API has it. Throws Fault. */
export function pageOf(url: URL): PageRequest {
  return read(url, V2)
}

/** `?page&size`, as the v1 API has it. Throws Fault. */
export function pageOfV1(url: URL, usual: number = V1.usual): PageRequest {
  return read(url, { ...V1, usual })
}

function read(url: URL, { page, perPage, most, usual }: Names): PageRequest {
  return {
    page: number(url, page, { least: 1, most: 1_000_000_000, usual: 1 }),
    perPage: number(url, perPage, { least: 1, most, usual }),
  }
}

function number(
  url: URL,
  name: string,
  { least, most, usual }: { readonly least: number; readonly most: number; readonly usual: number },
): number {
  const text = url.searchParams.get(name)
  if (text === null || text === '') return usual
  const value = Number(text)
  if (Number.isInteger(value) && value >= least && value <= most) return value
  const message = `must be a number from ${least} to ${most}`
  throw invalidBody([{ message, location: name, invalidValue: text }])
}

/** The part of a list that a page is. */
export function slice<T>(all: readonly T[], { page, perPage }: PageRequest): readonly T[] {
  return all.slice((page - 1) * perPage, page * perPage)
}

/** A page as the v2 API answers it. */
export function pageAnswer(
  data: readonly unknown[],
  total: number,
  { page, url }: { readonly page: PageRequest; readonly url: URL },
): Record<string, unknown> {
  const pageCount = Math.ceil(total / page.perPage)
  const link = (number: number): string => {
    const target = new URL(url)
    target.searchParams.set('page', String(number))
    target.searchParams.set('perPage', String(page.perPage))
    return target.href
  }
  return {
    data,
    pagination: data.length === 0 && total === 0 ? {} : {
      page: page.page,
      perPage: page.perPage,
      pageCount,
      pageItemsCount: data.length,
      totalCount: total,
    },
    links: {
      self: url.href,
      ...(pageCount > 1
        ? {
          first: link(1),
          last: link(pageCount),
          ...(page.page > 1 ? { previous: link(page.page - 1) } : {}),
          ...(page.page < pageCount ? { next: link(page.page + 1) } : {}),
        }
        : {}),
    },
  }
}

/** A page as the v1 API answers it. */
export function pageAnswerV1(
  data: readonly unknown[],
  total: number,
  { page, perPage }: PageRequest,
): Record<string, unknown> {
  return {
    data,
    page: {
      current: page,
      per_page: perPage,
      size: data.length,
      total_pages: Math.ceil(total / perPage),
      total_elements: total,
    },
  }
}
