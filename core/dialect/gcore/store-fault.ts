import type { StoreFailure } from '../../store/mod.ts'
import { ApiFault } from './faults.ts'

/** What a client is told where the store did not do its part. */
export function storeFault({ failure, message }: StoreFailure): ApiFault {
  switch (failure) {
    case 'conflict':
      return new ApiFault(409, 'ConflictError', 'The resource is being changed, try again', {
        headers: { 'Retry-After': '1' },
      })
    case 'invalid':
      return new ApiFault(400, 'ValidationError', `Validation Error: ${message}`)
    case 'unavailable':
    case 'read-only':
    case 'full':
      return new ApiFault(503, 'ServiceUnavailableError', `The store takes no writes: ${message}`, {
        headers: { 'Retry-After': '5' },
      })
    default:
      return new ApiFault(500, 'InternalError', 'The store failed')
  }
}
