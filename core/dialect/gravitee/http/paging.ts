import { bad, Fault } from '../faults.ts'

/** Which part of a list is asked for; pages are counted from 1. */
export interface PageRequest {
  readonly page: number
  readonly perPage: number
}

interface Names {
  readonly page: string
  readonly perPage: string
  /** More are not given at once; `refused` says whether to ask for more is a fault. */
  readonly most: number
  readonly refused: boolean
  readonly usual: number
}

const V2: Names = { page: 'page', perPage: 'perPage', most: 10_000, refused: false, usual: 10 }
const V1: Names = { page: 'page', perPage: 'size', most: 200, refused: true, usual: 20 }

/** `?page&perPage`, as the v2 API has it. Throws Fault. */
export function pageOf(url: URL): PageRequest {
  return read(url, V2)
}

/** `?page&size`, as the v1 API has it. Throws Fault. */
export function pageOfV1(url: URL, usual: number = V1.usual): PageRequest {
  return read(url, { ...V1, usual })
}

function read(url: URL, { page, perPage, most, refused, usual }: Names): PageRequest {
  const asked = number(url, perPage, usual)
  if (refused && asked > most) {
    throw outOfRange(perPage, `must be less than or equal to ${most}`, asked)
  }
  return { page: number(url, page, 1), perPage: Math.min(asked, most) }
}

function number(url: URL, name: string, usual: number): number {
  const text = url.searchParams.get(name)
  if (text === null || text === '') return usual
  if (!/^[+-]?\d{1,9}$/.test(text)) {
    const message = `For input string: "${text}"`
    throw new Fault(400, `Query parameter ${name} does not have a valid format`, {
      details: [{ message, location: name }],
    })
  }
  const value = Number(text)
  if (value >= 1) return value
  throw outOfRange(name, `Pagination ${name} param must be >= 1`, value)
}

function outOfRange(location: string, message: string, invalidValue: number): Fault {
  return new Fault(400, 'Validation error', { details: [{ message, location, invalidValue }] })
}

/** The part of a list that a page is. */
export function slice<T>(all: readonly T[], { page, perPage }: PageRequest): readonly T[] {
  return all.slice((page - 1) * perPage, page * perPage)
}

/** The part of a list that a page is, where a page that is not there is a fault. Throws Fault. */
export function sliceStrictly<T>(all: readonly T[], page: PageRequest): readonly T[] {
  if (all.length > 0 && (page.page - 1) * page.perPage >= all.length) {
    throw bad('pagination.invalid', 'Pagination is not valid')
  }
  return slice(all, page)
}

/** A page as the v2 API answers it. */
export function pageAnswer(
  data: readonly unknown[],
  total: number,
  { page, url }: { readonly page: PageRequest; readonly url: URL },
): Record<string, unknown> {
  const pageCount = Math.ceil(total / page.perPage)
  const { page: current, perPage } = page
  const pagination = {
    page: current,
    perPage,
    pageCount,
    pageItemsCount: data.length,
    totalCount: total,
  }
  const links = linksOf(url, page, pageCount)
  return { data, pagination: total === 0 ? {} : pagination, ...(links && { links }) }
}

/** Links to the other pages; none where there is no page, nor where the one asked for is not there. */
export function linksOf(
  url: URL,
  { page, perPage }: PageRequest,
  pageCount: number,
): Record<string, string> | undefined {
  if (pageCount === 0) return undefined
  if (pageCount === 1) return { self: url.href }
  if (page > pageCount) return undefined
  const link = (number: number): string => {
    const target = new URL(url)
    target.searchParams.set('page', String(number))
    if (target.searchParams.has('perPage')) target.searchParams.set('perPage', String(perPage))
    return target.href
  }
  return {
    self: url.href,
    first: link(1),
    last: link(pageCount),
    ...(page > 1 ? { previous: link(page - 1) } : {}),
    ...(page < pageCount ? { next: link(page + 1) } : {}),
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
