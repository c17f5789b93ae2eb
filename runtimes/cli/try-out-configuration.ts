import { DEMO_UPSTREAM } from './demo.ts'
import { SERVER, SUBSCRIBER } from './try-out-pki.ts'

/** The ports of a first start. */
export interface TryOutPorts {
  readonly tls: number
  readonly http: number
  readonly admin: number
  readonly demo: number
}

/** The API of the try-out configuration, and the path that asks it. */
export const TRY_OUT_PATH = '/orders/1'

/** The configuration that a first start writes, for its reader to change. */
export function tryOutConfiguration({ tls, http, admin, demo }: TryOutPorts): string {
  return `# A Sallyport configuration to try things out with. Change it: the gateway reads it again when it
# changes, or on SIGHUP, and keeps the old one where the new one is wrong. Paths are relative to this file.

# Where clients connect to. 127.0.0.1 is this machine alone; 0.0.0.0 lets others in.
listeners:
  - name: secure
    address: 127.0.0.1:${tls}
    tls:
      # The certificate that the gateway shows. With "names: [test.com]" it is for these SNI names alone.
      - certificate: { cert: pki/${SERVER}.crt, key: pki/${SERVER}.key }
        # What clients must show. request: ask for a certificate, and let plans and routes decide;
        # require: nobody without one gets in; none: never ask.
        clients:
          mode: request
          ca: pki/ca.crt
          # crl: pki/ca.crl          # certificates that are revoked

  - name: plain
    address: 127.0.0.1:${http}
    # Behind a proxy that ends TLS: believe the client certificate in its header, but from it alone.
    # trustedProxies: { cidrs: [10.0.0.7/32], clientCertificateHeader: X-Client-Cert }

# For operators: /healthz, /readyz, /metrics, /certificates; and the APIs of APISIX (/apisix/admin), Gravitee
# (/management) and Gcore (/v1, /v2, /cloud). Where no key is named, the first start makes one and tells it once.
admin:
  address: 127.0.0.1:${admin}
  dialects:
    apisix: { key: { file: keys/apisix } }
    gravitee: { users: [{ name: admin, password: { file: keys/gravitee } }] }
    gcore: { key: { file: keys/gcore } }

# What those APIs are told is kept here.
store: { folder: store }

# Where requests go. "sallyport start" itself serves the one named ${DEMO_UPSTREAM}; "sallyport run" does not.
upstreams:
  ${DEMO_UPSTREAM}:
    endpoints: [{ address: 127.0.0.1:${demo} }]
  # A backend that proves itself, and that the gateway proves itself to:
  # orders:
  #   endpoints: [{ address: 10.0.0.7:8443 }]
  #   tls: { ca: backends-ca.crt, certificate: { cert: gateway.crt, key: gateway.key } }

# Without plans: whoever gets in may use it.
routes:
  - name: hello
    match: { paths: [/hello] }
    upstream: ${DEMO_UPSTREAM}

# With plans: only applications that subscribed may use it.
apis:
  - name: orders
    match: { paths: [/orders/*] }
    upstream: ${DEMO_UPSTREAM}
    plans:
      - { name: partners, type: mtls }
    forwardCertificate: client-cert  # tells the upstream who called (RFC 9440)
    verbose: true                    # tells clients why they are refused; leave it out in production

# Who calls. A certificate belongs to an application, and the application subscribes to a plan.
applications:
  - name: ${SUBSCRIBER}
    certificates:
      - { cert: pki/${SUBSCRIBER}.crt }
      # - { cert: pki/${SUBSCRIBER}-next.crt }    # the next one may overlap with the one before
    subscriptions:
      - { api: orders, plan: partners }
`
}
