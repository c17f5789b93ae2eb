import type { GraviteeConfig, GraviteeGatewayConfig } from '../../../snapshot/mod.ts'

/** How documents are translated. */
export interface TranslatorOptions extends GraviteeGatewayConfig {
  /** Gravitee's `api.security.verbose401`. */
  readonly verbose: boolean
}

/** What the dialect's options say of how documents are translated. */
export function translatorOptions({ verbose401, ...rest }: GraviteeConfig): TranslatorOptions {
  return { ...rest, verbose: verbose401 }
}

/** Where API keys come in: the header, in lower case, and the argument of the query; empty: not there. */
export function apiKeyPlaces(
  { apiKeyHeader = 'x-gravitee-api-key', apiKeyArgument = 'api-key' }: GraviteeGatewayConfig,
): { readonly header: string; readonly argument: string } {
  return { header: apiKeyHeader.toLowerCase(), argument: apiKeyArgument }
}
