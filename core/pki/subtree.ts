import { type GeneralName, NameForm } from './general-name.ts'
import { isDnsName, parseAddress } from './host-name.ts'

/** A name, taken apart once so that comparing it is cheap. */
export interface ConstrainedName {
  readonly form: number
  readonly text: string
  /** Whether it is of a form that is compared, and in that form. */
  readonly valid: boolean
  /** The DNS name, the host of a mailbox or of a URI; a pattern without its `*.`. */
  readonly host: string
  /** Whether `host` was `*.` and more. */
  readonly pattern: boolean
  /** What stands before the `@` of a mailbox. */
  readonly local: string
  readonly bytes: Uint8Array
  readonly keys: readonly string[]
}

/** A name constraint, taken apart once. */
export interface Subtree {
  readonly valid: boolean
  /** Whether it has a form that RFC 5280 does not know but that is in use. */
  readonly lax: boolean
  /** Whether all that the name stands for lies inside. */
  contains(name: ConstrainedName): boolean
  /** Whether anything that the name stands for lies inside. */
  touches(name: ConstrainedName): boolean
}

/** Takes a name apart. */
export function prepareName(name: GeneralName): ConstrainedName {
  const base = {
    form: name.form,
    text: name.text,
    valid: true,
    host: '',
    pattern: false,
    local: '',
    bytes: name.bytes,
    keys: name.name?.keys ?? [],
  }
  switch (name.form) {
    case NameForm.dns: {
      const pattern = name.key.startsWith('*.')
      const host = (pattern ? name.key.slice(2) : name.key).replace(/\.$/, '')
      return { ...base, host, pattern, valid: isDnsName(host) }
    }
    case NameForm.email: {
      const { local, host } = splitMailbox(name.text)
      return { ...base, local, host, valid: local !== '' && isDnsName(host) }
    }
    case NameForm.uri: {
      const host = uriHost(name.text)
      // RFC 5280 section 4.2.1.10: a URI without a host name is refused where URIs are constrained.
      return { ...base, host, valid: isDnsName(host) && parseAddress(host) === undefined }
    }
    case NameForm.ip:
    case NameForm.directory:
      return base
    default:
      return { ...base, valid: false }
  }
}

/** Takes a constraint apart. */
export function prepareSubtree(constraint: GeneralName): Subtree {
  switch (constraint.form) {
    case NameForm.dns:
      return dnsSubtree(constraint.key)
    case NameForm.email:
      return constraint.text.includes('@')
        ? mailboxSubtree(constraint.text)
        : hostSubtree(constraint.text)
    case NameForm.uri:
      return hostSubtree(constraint.text)
    case NameForm.ip:
      return addressSubtree(constraint.bytes)
    case NameForm.directory:
      return directorySubtree(constraint.name?.keys ?? [])
    default:
      return subtree(false, () => false)
  }
}

function subtree(valid: boolean, contains: (name: ConstrainedName) => boolean): Subtree {
  return { valid, lax: false, contains, touches: contains }
}

/** A DNS name and all below it; with a leading period, as OpenSSL's users write it, all below it alone. */
function dnsSubtree(constraint: string): Subtree {
  if (constraint === '') return subtree(true, () => true)
  const lax = constraint.startsWith('.')
  const domain = lax ? constraint.slice(1) : constraint
  const suffix = `.${domain}`
  const parent = domain.slice(domain.indexOf('.') + 1)
  const contains = ({ host, pattern }: ConstrainedName) =>
    host.endsWith(suffix) || (host === domain && (pattern || !lax))
  // `*.example.com` speaks for `bar.example.com` too, so excluding that excludes the pattern.
  const touches = (name: ConstrainedName) =>
    contains(name) || (name.pattern && domain.includes('.') && name.host === parent)
  return { valid: isDnsName(domain), lax, contains, touches }
}

function mailboxSubtree(constraint: string): Subtree {
  const { local, host } = splitMailbox(constraint)
  return subtree(
    local !== '' && isDnsName(host),
    (name) => name.local === local && name.host === host,
  )
}

/** With a leading period a domain's subdomains; without, one host. */
function hostSubtree(constraint: string): Subtree {
  const wanted = constraint.toLowerCase()
  if (wanted === '') return subtree(true, () => true)
  const dotted = wanted.startsWith('.')
  const valid = isDnsName(dotted ? wanted.slice(1) : wanted)
  return subtree(valid, ({ host }) => dotted ? host.endsWith(wanted) : host === wanted)
}

function addressSubtree(constraint: Uint8Array): Subtree {
  const size = constraint.length / 2
  const mask = constraint.subarray(size)
  const valid = (size === 4 || size === 16) && isPrefixMask(mask)
  return subtree(valid, ({ bytes }) => {
    if (bytes.length !== size) return false
    for (let i = 0; i < size; i++) {
      const difference = (bytes[i] as number) ^ (constraint[i] as number)
      if ((difference & (mask[i] as number)) !== 0) return false
    }
    return true
  })
}

/** RFC 4632: ones, then zeros. */
function isPrefixMask(mask: Uint8Array): boolean {
  const bits = [...mask].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return /^1*0*$/.test(bits)
}

function directorySubtree(keys: readonly string[]): Subtree {
  return subtree(true, (name) => {
    if (name.keys.length < keys.length) return false
    for (let i = keys.length - 1; i >= 0; i--) if (name.keys[i] !== keys[i]) return false
    return true
  })
}

function splitMailbox(text: string): { local: string; host: string } {
  const at = text.lastIndexOf('@')
  return { local: text.slice(0, Math.max(at, 0)), host: text.slice(at + 1).toLowerCase() }
}

function uriHost(text: string): string {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(text)?.[1] ?? ''
  return authority.slice(authority.lastIndexOf('@') + 1).replace(/:\d*$/, '').toLowerCase()
}
