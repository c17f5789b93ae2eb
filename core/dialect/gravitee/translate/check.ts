import { isPkiProblem, readCertificates, readKeyPair, writePem } from '../../../pki/mod.ts'
import { readPkcs12, readPkcs12Certificates } from '../../../pki/bundle.ts'
import { fromBase64 } from '../../../pki/bytes.ts'
import type {
  GraviteeGatewayConfig,
  KeyPairConfig,
  UpstreamTlsConfig,
} from '../../../snapshot/mod.ts'
import { Fault } from '../faults.ts'
import type { ApiDocument, PlanDocument } from '../model.ts'
import { corsFaults } from './cors.ts'
import { translatePlan } from './plan.ts'
import { contentAt } from './files.ts'
import { templatesOf } from './response-templates.ts'
import { mapAt, placesOf, textAt } from './settings.ts'
import { translateUpstream } from './upstream.ts'

/** As much as PKCS#12 from an API body may cost. */
const LIMITS = { pkcs12Iterations: 1_000_000, pkcs12Size: 1_048_576 }

/**
 * Checks that the gateway can work by an API, and reads its PKCS#12 trust stores.
 * @returns PEM of those, by their place. Throws Fault.
 */
export async function checkApi(api: ApiDocument): Promise<Readonly<Record<string, string>>> {
  const anchors = await readAnchors(api)
  const { upstream, errors } = translateUpstream({ ...api, anchors }, api.id)
  const [first] = [...errors, ...templatesOf(api).errors, ...corsFaults(api)]
  if (first !== undefined) throw invalid(first)
  for (const tls of [upstream.tls, ...upstream.endpoints.map((each) => each.tls)]) {
    if (typeof tls === 'object') await checkTls(tls)
  }
  return anchors
}

async function checkTls({ trust, certificate }: UpstreamTlsConfig): Promise<void> {
  for (const { data, from } of trust.ca) {
    const found = await readCertificates(data)
    if (isPkiProblem(found)) throw invalid(`Could not read ${from}: ${found.message}`)
  }
  await checkKeyPair(certificate)
}

function invalid(message: string): Fault {
  return new Fault(400, message, { code: 'api.invalid', details: [{ message }] })
}

async function checkKeyPair(pair: KeyPairConfig | undefined): Promise<void> {
  if (pair === undefined) return
  const { passphrase } = pair
  const found = 'pkcs12' in pair
    ? await readPkcs12(pair.pkcs12.data, passphrase, LIMITS)
    : await readKeyPair({ cert: pair.cert.data, key: pair.key.data, passphrase })
  if (isPkiProblem(found)) throw invalid(`Could not use the keyStore: ${found.message}`)
}

async function readAnchors(api: ApiDocument): Promise<Record<string, string>> {
  const anchors: Record<string, string> = {}
  for (const { place, settings } of placesOf(api)) {
    const store = mapAt(mapAt(settings, 'ssl'), 'trustStore')
    const content = contentAt(api, store, ['content', 'path'])
    if (textAt(store, 'type')?.toUpperCase() !== 'PKCS12' || content === undefined) continue
    const data = fromBase64(content)
    if (data === undefined) throw invalid('The content of a PKCS12 trustStore must be base64')
    const found = await readPkcs12Certificates(data, textAt(store, 'password'), LIMITS)
    if (isPkiProblem(found)) throw invalid(`Could not use the trustStore: ${found.message}`)
    anchors[place] = found.map(({ der }) => writePem('CERTIFICATE', der)).join('')
  }
  return anchors
}

/** Checks that the gateway can work by a plan. Throws Fault. */
export function checkPlan(
  plan: PlanDocument,
  api: ApiDocument,
  options: GraviteeGatewayConfig = {},
): void {
  const [error] = translatePlan(plan, { api, options }).errors
  if (error === undefined) return
  throw new Fault(400, error, { code: 'plan.invalid', details: [{ message: error }] })
}
