import type { Fault } from '../faults.ts'
import type { Call } from './exchange.ts'
import { linksOf, type PageRequest } from './paging.ts'
import { iso, type View } from './views.ts'

/** Whether the portal's API is asked, whose answers have a form of their own. */
export function isPortal(call: Call): boolean {
  return call.req.path.startsWith('/portal/')
}

const DATES = ['startsAt', 'endsAt', 'createdAt', 'updatedAt', 'certificateExpiration']

/** A certificate as the portal's API answers it: with dates as text. */
export function portalCertificate(view: View): View {
  const dates = DATES.filter((name) => typeof view[name] === 'number')
  return {
    ...view,
    ...Object.fromEntries(dates.map((name) => [name, iso(view[name] as number)])),
  }
}

/** What a list of the portal's API tells beside its data. */
export function portalPage(
  count: number,
  total: number,
  { page, url }: { readonly page: PageRequest; readonly url: URL },
): View {
  const { page: current, perPage: size } = page
  const pages = Math.ceil(total / size)
  const first = (current - 1) * size
  const pagination = {
    current_page: current,
    size,
    first: first + 1,
    last: first + count,
    total,
    total_pages: pages,
  }
  const { previous, ...links } = linksOf(url, page, pages) ?? {}
  return {
    metadata: {
      data: { total: count },
      paginateMetaData: { totalElements: total },
      ...(total === 0 ? {} : { pagination }),
    },
    ...(total === 0
      ? {}
      : { links: previous === undefined ? links : { ...links, prev: previous } }),
  }
}

/** Errors as the portal's API answers them. */
export function portalErrors({ status, message, code, parameters }: Fault): View {
  const error = {
    status: String(status),
    message,
    code: `errors.${code ?? 'unexpected'}`,
    parameters,
  }
  return { errors: [error] }
}
