import type { Refusal, RefusalCode } from './types.ts'

/** What a refusal means to either side. */
export interface RefusalMeaning {
  /** The HTTP status, or 0 where the connection is closed without an answer. */
  readonly status: number
  /** For the client: what to do, without giving anything away. */
  readonly message: string
  /** For the operator: what to look at. */
  readonly advice: string
}

/** Every refusal: its status, what the client is told, and what the operator can do. */
export const REFUSALS: Readonly<Record<RefusalCode, RefusalMeaning>> = {
  MALFORMED_REQUEST: {
    status: 400,
    message: 'The request breaks the rules of HTTP',
    advice: 'The log names the rule. Look for a broken client or proxy, or for request smuggling',
  },
  HEAD_TOO_LARGE: {
    status: 431,
    message: 'The request headers are too large: send fewer or smaller ones',
    advice: 'Raise limits.headSize or limits.headerCount if such requests are legitimate',
  },
  TARGET_TOO_LONG: {
    status: 414,
    message: 'The request target is too long: shorten the path or the query',
    advice: 'Raise limits.targetSize if such requests are legitimate',
  },
  BODY_TOO_LARGE: {
    status: 413,
    message: 'The request body is too large',
    advice: 'Raise limits.bodySize if such requests are legitimate; 0 lifts the bound',
  },
  VERSION_UNSUPPORTED: {
    status: 505,
    message: 'This version of HTTP is not supported: use HTTP/1.1 or HTTP/2',
    advice: 'Nothing to do here; the client must speak another version',
  },
  TRANSFER_CODING_UNSUPPORTED: {
    status: 501,
    message: 'This transfer coding is not supported: send the body chunked or with its length',
    advice: 'Nothing to do here; the client must send the body otherwise',
  },
  METHOD_UNSUPPORTED: {
    status: 501,
    message: 'This method is not supported here',
    advice: 'The gateway does not tunnel (CONNECT); nothing to do unless clients expect it',
  },
  UPGRADE_UNSUPPORTED: {
    status: 501,
    message: 'This protocol is not supported here',
    advice:
      'Over HTTP/2 WebSocket alone is taken; an h2 endpoint must take RFC 8441, or protocol be auto or h1',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    message: 'The request took too long to arrive: send it again',
    advice: 'Raise limits.headTimeout or limits.bodyTimeout if clients are legitimately slow',
  },
  CLIENT_GONE: {
    status: 0,
    message: 'The connection was closed by the client',
    advice: 'The client went away before its answer was complete; look at its own time-outs',
  },
  CLIENT_HELLO_INVALID: {
    status: 0,
    message: 'The connection does not start with a TLS ClientHello',
    advice:
      'Someone speaks something else than TLS to a TLS listener; plain HTTP, or a health check',
  },
  PROXY_HEADER_INVALID: {
    status: 0,
    message: 'The connection does not start with a PROXY protocol header',
    advice: 'The proxy in front must send the PROXY protocol, or set proxyProtocol to false',
  },
  HANDSHAKE_FAILED: {
    status: 0,
    message: 'The TLS handshake failed',
    advice: 'The log names the reason. Look at protocol versions and at what the client trusts',
  },
  HANDSHAKE_TIMEOUT: {
    status: 0,
    message: 'The TLS handshake took too long',
    advice: 'Raise limits.handshakeTimeout if clients are legitimately slow',
  },
  SNI_UNKNOWN: {
    status: 0,
    message: 'No server certificate for this name',
    advice: 'Add the name to a tls entry of the listener, or add an entry without names',
  },
  CONNECTION_LIMIT: {
    status: 0,
    message: 'Too many connections',
    advice:
      'Raise limits.connections, limits.connectionsPerAddress or connections of the listener if the load is legitimate',
  },
  CONNECTION_NOT_ALLOWED: {
    status: 0,
    message: 'Connections from this address are not taken',
    advice: 'Add the address to allowFrom of the listener, if it may connect',
  },
  CONNECTION_ABUSED: {
    status: 0,
    message: 'The connection was closed: it asked for too much work',
    advice: 'The log names the limit of HTTP/2 that the client passed; look at who it is',
  },
  HOST_MISDIRECTED: {
    status: 421,
    message:
      'This connection does not serve this host: connect with the host as the TLS server name',
    advice:
      'The host and the SNI belong to different client policies; the client must not mix them',
  },
  ROUTE_NOT_FOUND: {
    status: 404,
    message: 'No route matches this request',
    advice: 'Run explain with host, path and method; it lists the routes that came close',
  },
  CERTIFICATE_MISSING: {
    status: 401,
    message: 'A client certificate is required: connect with one',
    advice: 'The client sent none, or was not asked: look at clients.mode of listener and SNI name',
  },
  CERTIFICATE_MALFORMED: {
    status: 401,
    message: 'The client certificate cannot be read: connect with another',
    advice: 'Run inspect on the certificate; from a proxy header, check how the proxy encodes it',
  },
  CERTIFICATE_UNTRUSTED: {
    status: 401,
    message: 'The client certificate is not accepted: connect with another',
    advice:
      'The log says why. Look at clients.ca and clients.depth; the chain may lack intermediates',
  },
  CERTIFICATE_EXPIRED: {
    status: 401,
    message: 'The client certificate has expired: renew it',
    advice: 'Register the renewed certificate beside the old one; both count while they overlap',
  },
  CERTIFICATE_NOT_YET_VALID: {
    status: 401,
    message: 'The client certificate is not valid yet',
    advice: 'Look at notBefore, at from in the configuration, and at the clocks of both sides',
  },
  CERTIFICATE_REVOKED: {
    status: 401,
    message: 'The client certificate is revoked: obtain another',
    advice: 'The certificate is on a CRL; the application needs a new one',
  },
  CERTIFICATE_REVOCATION_UNKNOWN: {
    status: 401,
    message: 'Whether the client certificate is revoked could not be learned: try again later',
    advice:
      'A CRL is stale or missing, or nobody answered; the detail says which. Look at crl, crlDepth, crlFetch and ocsp',
  },
  CERTIFICATE_UNKNOWN: {
    status: 401,
    message: 'The client certificate is not known here: register it first',
    advice:
      'Add the certificate to its application; it is matched by SHA-256, so renewed ones count as new',
  },
  CERTIFICATE_NOT_ALLOWED: {
    status: 403,
    message: 'The client certificate is known, but not allowed here',
    advice: 'None of the conditions under allow fits its names; run explain with the certificate',
  },
  API_KEY_MISSING: {
    status: 401,
    message: 'An API key is required',
    advice: 'The client must send its key in the header that the plan names',
  },
  API_KEY_UNKNOWN: {
    status: 401,
    message: 'The API key is not accepted',
    advice: 'The key belongs to no application, or its time has not come or is over',
  },
  TOKEN_MISSING: {
    status: 401,
    message: 'A bearer token is required',
    advice: 'The client must send its token in the Authorization header, as Bearer',
  },
  TOKEN_INVALID: {
    status: 401,
    message: 'The token is not accepted: obtain another',
    advice:
      'The log says why: its signature, issuer, audience, time, or the certificate it is bound to',
  },
  TOKEN_UNCHECKED: {
    status: 503,
    message: 'The token could not be checked: try again later',
    advice: 'The keys or the authorization server could not be reached; the log says why',
  },
  PLAN_NOT_MATCHED: {
    status: 401,
    message: 'No plan of this API takes this request',
    advice: 'Look at the conditions of the plans; explain tells which one does not hold',
  },
  SUBSCRIPTION_MISSING: {
    status: 401,
    message: 'There is no subscription to this API: subscribe first',
    advice: 'Add a subscription of the application to a plan of this API',
  },
  SUBSCRIPTION_PENDING: {
    status: 401,
    message: 'The subscription to this API is not accepted yet',
    advice: 'Accept the subscription',
  },
  SUBSCRIPTION_PAUSED: {
    status: 401,
    message: 'The subscription to this API is paused',
    advice: 'Resume the subscription',
  },
  SUBSCRIPTION_CLOSED: {
    status: 401,
    message: 'The subscription to this API is closed: subscribe again',
    advice: 'A closed subscription stays closed; the application needs a new one',
  },
  SUBSCRIPTION_NOT_STARTED: {
    status: 401,
    message: 'The subscription to this API has not started yet',
    advice: 'Look at from of the subscription',
  },
  SUBSCRIPTION_EXPIRED: {
    status: 401,
    message: 'The subscription to this API has ended: renew it',
    advice: 'Look at until of the subscription',
  },
  ADDRESS_NOT_ALLOWED: {
    status: 403,
    message: 'This address is not allowed here',
    advice: 'Look at allow and deny of the filter "addresses" of the route',
  },
  CONSUMER_NOT_ALLOWED: {
    status: 403,
    message: 'This caller is not allowed here',
    advice: 'Look at allow, deny and allowMethods of the filter "consumers" of the route',
  },
  CREDENTIAL_MISSING: {
    status: 401,
    message: 'A credential is required',
    advice: 'The client must send the key, or the name and password, that a filter asks for',
  },
  CREDENTIAL_UNKNOWN: {
    status: 401,
    message: 'The credential is not accepted',
    advice: 'The key, or name and password, belong to no application that the filter knows',
  },
  CREDENTIAL_UNCHECKED: {
    status: 503,
    message: 'Too many logins at once: try again',
    advice: 'Somebody may be guessing the passwords of a listener: look at who asks',
  },
  RATE_LIMITED: {
    status: 429,
    message: 'Too many requests: try again later',
    advice: 'Raise the limit of the filter that the log names, if the load is legitimate',
  },
  NO_ENDPOINT: {
    status: 503,
    message: 'The service is unavailable: try again later',
    advice: 'The upstream has no endpoint that takes traffic; look at endpoints and their weights',
  },
  DRAINING: {
    status: 503,
    message: 'The gateway is shutting down: send the request again',
    advice: 'Normal during a restart; if not, look for who sent SIGTERM',
  },
  UPSTREAM_UNREACHABLE: {
    status: 502,
    message: 'The service could not be reached: try again later',
    advice: 'The log names endpoint and reason; look at address, name resolution and firewall',
  },
  UPSTREAM_TLS_FAILED: {
    status: 502,
    message: 'The service could not be reached: try again later',
    advice: 'The log names the reason; the endpoint may want another client certificate, or no TLS',
  },
  UPSTREAM_CERTIFICATE_REFUSED: {
    status: 502,
    message: 'The service could not be reached: try again later',
    advice:
      'The endpoint showed a certificate that is not trusted; look at tls.ca, tls.crl and tls.name',
  },
  UPSTREAM_MALFORMED: {
    status: 502,
    message: 'The service gave an invalid answer',
    advice: 'The endpoint broke the rules of HTTP; the log names the rule',
  },
  UPSTREAM_CLOSED: {
    status: 502,
    message: 'The service broke off: try again later',
    advice: 'The endpoint closed the connection before its answer was complete; look at its log',
  },
  UPSTREAM_TIMEOUT: {
    status: 504,
    message: 'The service took too long to answer: try again later',
    advice: 'Raise connectTimeout or readTimeout of the upstream if it is legitimately slow',
  },
  ANSWER_TIMEOUT: {
    status: 504,
    message: 'The service took too long to answer: try again later',
    advice: 'Raise upstreamTimes.answer (requestTimeout) if the endpoints are legitimately slow',
  },
  INTERNAL_ERROR: {
    status: 500,
    message: 'The gateway failed: try again later',
    advice: 'A fault of the gateway; the log holds the details, please report it',
  },
}

/** How a refusal differs from what the table says. */
export interface RefusalOptions {
  readonly status?: number
  readonly verbose?: boolean
  readonly told?: Refusal['told']
  readonly chosen?: Refusal['chosen']
}

/** Makes a refusal with the status of the table. `detail` is for the operator. */
export function refusal(code: RefusalCode, detail: string, options: RefusalOptions = {}): Refusal {
  const { status = REFUSALS[code].status, verbose = false, told, chosen } = options
  if (chosen !== undefined) return { code, status, detail, verbose, chosen }
  return told === undefined
    ? { code, status, detail, verbose }
    : { code, status, detail, verbose, told }
}
