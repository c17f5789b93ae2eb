import { type DecodedCertificate, isSelfIssued } from './decode.ts'
import { type Finding, label, refuse } from './finding.ts'
import { type GeneralName, NameForm } from './general-name.ts'
import { type ConstrainedName, prepareName, prepareSubtree, type Subtree } from './subtree.ts'
import type { TrustRules } from './types.ts'

/** What checking may go by and may cost. */
interface Limits {
  readonly rules: TrustRules
  /** Comparisons that may still be made. */
  readonly budget: { comparisons: number }
}

/** Checks every name of a path against the name constraints above it (RFC 5280 sections 4.2.1.10 and 6.1.3). */
export function checkNameConstraints(
  downwards: readonly DecodedCertificate[],
  limits: Limits,
): Finding | undefined {
  const above: DecodedCertificate[] = []
  for (const [i, certificate] of downwards.entries()) {
    const last = i === downwards.length - 1
    // RFC 5280 section 6.1.3 (b): self-issued certificates are exempt, but for the last.
    const checked = last || !isSelfIssued(certificate)
    for (const ca of checked ? above : []) {
      const finding = checkAgainst(namesOf(certificate), ca, limits)
      if (finding !== undefined) return refuse(finding.code, certificate, finding.detail)
    }
    if (certificate.extensions.nameConstraints !== undefined) above.push(certificate)
  }
  return undefined
}

function checkAgainst(
  names: readonly ConstrainedName[],
  ca: DecodedCertificate,
  { rules, budget }: Limits,
): Finding | undefined {
  const { permitted, excluded } = constraintsOf(ca)
  for (const name of names) {
    const within = permitted.get(name.form) ?? NONE
    const without = excluded.get(name.form) ?? NONE
    budget.comparisons -= within.subtrees.length + without.subtrees.length
    if (budget.comparisons < 0) {
      return { code: 'too-complex', detail: 'its names and their constraints are too many' }
    }
    const state = constrain(name, within, without, rules)
    if (state === undefined) continue
    const text = name.text.slice(0, 120)
    return {
      code: 'name-constraint',
      detail: `its name "${text}" ${state} the constraints of ${label(ca)}`,
    }
  }
  return undefined
}

function constrain(
  name: ConstrainedName,
  within: Group,
  without: Group,
  rules: TrustRules,
): string | undefined {
  let permitted = within.subtrees.length === 0
  if (permitted && without.subtrees.length === 0) return undefined
  const lax = (within.lax || without.lax) && rules.profile !== 'compatible'
  // RFC 5280 section 4.2.1.10: what cannot be processed refuses the certificate.
  if (!name.valid || !within.valid || !without.valid || lax) return 'cannot be compared with'
  for (const subtree of without.subtrees) if (subtree.touches(name)) return 'is excluded by'
  for (const subtree of within.subtrees) permitted ||= subtree.contains(name)
  return permitted ? undefined : 'is not permitted by'
}

/** The subtrees of one form: whether all are valid, and whether any is lax. */
interface Group {
  readonly subtrees: Subtree[]
  valid: boolean
  lax: boolean
}

const NONE: Group = { subtrees: [], valid: true, lax: false }

interface Constraints {
  readonly permitted: ReadonlyMap<number, Group>
  readonly excluded: ReadonlyMap<number, Group>
}

const preparedConstraints = new WeakMap<DecodedCertificate, Constraints>()
const preparedNames = new WeakMap<DecodedCertificate, readonly ConstrainedName[]>()

function constraintsOf(ca: DecodedCertificate): Constraints {
  const known = preparedConstraints.get(ca)
  if (known !== undefined) return known
  const { permitted = [], excluded = [] } = ca.extensions.nameConstraints ?? {}
  const constraints = { permitted: byForm(permitted), excluded: byForm(excluded) }
  preparedConstraints.set(ca, constraints)
  return constraints
}

function byForm(names: readonly GeneralName[]): ReadonlyMap<number, Group> {
  const forms = new Map<number, Group>()
  for (const name of names) {
    const group = forms.get(name.form) ?? { subtrees: [], valid: true, lax: false }
    const subtree = prepareSubtree(name)
    group.subtrees.push(subtree)
    group.valid &&= subtree.valid
    group.lax ||= subtree.lax
    forms.set(name.form, group)
  }
  return forms
}

/** A constraint of a CA's that is not in form, of those that names are compared with; undefined where all are. */
export function malformedConstraint(ca: DecodedCertificate): string | undefined {
  const { permitted, excluded } = constraintsOf(ca)
  const groups = COMPARED.flatMap((
    form,
  ) => [permitted.get(form) ?? NONE, excluded.get(form) ?? NONE])
  if (groups.every(({ valid }) => valid)) return undefined
  const { nameConstraints } = ca.extensions
  const all = [...nameConstraints?.permitted ?? [], ...nameConstraints?.excluded ?? []]
  return all.find((name) => COMPARED.includes(name.form) && !prepareSubtree(name).valid)?.text
}

const COMPARED: readonly number[] = [NameForm.dns, NameForm.email, NameForm.uri, NameForm.ip]

/** The names that constraints look at. */
function namesOf(certificate: DecodedCertificate): readonly ConstrainedName[] {
  const known = preparedNames.get(certificate)
  if (known !== undefined) return known
  const { subject, extensions } = certificate
  const names = [...extensions.subjectAltNames ?? []]
  const bytes = new Uint8Array(0)
  if (subject.keys.length > 0) {
    names.push({
      form: NameForm.directory,
      key: subject.key,
      text: subject.text,
      bytes,
      name: subject,
    })
  }
  // RFC 5280 section 4.2.1.10: without an alternative name, emailAddress in the subject is a mailbox.
  if (!names.some((n) => n.form === NameForm.email)) {
    for (const text of subject.emails) {
      names.push({ form: NameForm.email, key: text, text, bytes, name: undefined })
    }
  }
  const prepared = names.map(prepareName)
  preparedNames.set(certificate, prepared)
  return prepared
}
