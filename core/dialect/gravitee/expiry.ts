/** How long before its end a certificate is warned of, in days. */
export const WARNED_DAYS = 30
const DAY = 86_400_000

/** What says when a certificate ends. */
interface Ending {
  readonly endsAt?: number | undefined
  readonly certificateExpiration: number
  readonly released?: true | undefined
}

/** What is to be told of a certificate that ends soon, or has; undefined where there is nothing. */
export function expiryWarning(
  { endsAt, certificateExpiration, released }: Ending,
  now: number,
): string | undefined {
  if (released === true) return undefined
  const end = Math.min(endsAt ?? Infinity, certificateExpiration)
  const what = end === certificateExpiration ? 'The certificate' : 'Its time in the application'
  if (end <= now) return `${what} ended at ${new Date(end).toISOString()}: it is refused`
  if (end > now + WARNED_DAYS * DAY) return undefined
  const days = Math.floor((end - now) / DAY)
  return `${what} ends in ${days} ${days === 1 ? 'day' : 'days'}, at ${new Date(end).toISOString()}`
}
