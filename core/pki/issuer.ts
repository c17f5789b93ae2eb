import { decodedOf } from './certificate.ts'
import { isIssuedBy } from './path-validation.ts'
import type { Certificate } from './types.ts'

/** Whether `issuer` signed `subject` and bears the name that it gives for its issuer. Whether it may, is another question. */
export async function isIssuerOf(issuer: Certificate, subject: Certificate): Promise<boolean> {
  const [upper, lower] = [decodedOf(issuer), decodedOf(subject)]
  if (upper.subject.key !== lower.issuer.key) return false
  return await isIssuedBy(lower, upper).catch(() => false)
}
