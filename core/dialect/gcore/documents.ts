/**
 * What the store keeps of this dialect. Times are epoch milliseconds; names are those of the API, so that a dump
 * reads like its answers. A load balancer, its listeners and its L7 policies are one document, each pool another.
 * @module
 */

/** Where this dialect's documents stand in the store. */
export const ROOT = '/gcore'

/** A project in a region: nothing is seen from another. */
export interface Place {
  readonly project: number
  readonly region: number
}

/** Protocols of listeners. */
export const LISTENER_PROTOCOLS = [
  'HTTP',
  'HTTPS',
  'PROMETHEUS',
  'TCP',
  'TERMINATED_HTTPS',
  'UDP',
] as const
export type ListenerProtocol = (typeof LISTENER_PROTOCOLS)[number]

/** Protocols towards members. */
export const POOL_PROTOCOLS = ['HTTP', 'HTTPS', 'PROXY', 'PROXYV2', 'TCP', 'UDP'] as const
export type PoolProtocol = (typeof POOL_PROTOCOLS)[number]

export const ALGORITHMS = ['LEAST_CONNECTIONS', 'ROUND_ROBIN', 'SOURCE_IP'] as const
export type Algorithm = (typeof ALGORITHMS)[number]

export const MONITOR_TYPES = [
  'HTTP',
  'HTTPS',
  'K8S',
  'PING',
  'TCP',
  'TLS-HELLO',
  'UDP-CONNECT',
] as const
export type MonitorType = (typeof MONITOR_TYPES)[number]

export const PERSISTENCE_TYPES = ['APP_COOKIE', 'HTTP_COOKIE', 'SOURCE_IP'] as const
export type PersistenceType = (typeof PERSISTENCE_TYPES)[number]

export const POLICY_ACTIONS = [
  'REDIRECT_PREFIX',
  'REDIRECT_TO_POOL',
  'REDIRECT_TO_URL',
  'REJECT',
] as const
export type PolicyAction = (typeof POLICY_ACTIONS)[number]

export const RULE_TYPES = [
  'COOKIE',
  'FILE_TYPE',
  'HEADER',
  'HOST_NAME',
  'PATH',
  'SSL_CONN_HAS_CERT',
  'SSL_DN_FIELD',
  'SSL_VERIFY_RESULT',
] as const
export type RuleType = (typeof RULE_TYPES)[number]

export const COMPARE_TYPES = ['CONTAINS', 'ENDS_WITH', 'EQUAL_TO', 'REGEX', 'STARTS_WITH'] as const
export type CompareType = (typeof COMPARE_TYPES)[number]

export const CLIENT_AUTHS = ['none', 'optional', 'required'] as const
export type ClientAuth = (typeof CLIENT_AUTHS)[number]

/** The three time-outs that listeners and pools have; null and 0 leave the default. Milliseconds. */
export interface Timeouts {
  readonly timeout_client_data: number | null
  readonly timeout_member_connect: number | null
  readonly timeout_member_data: number | null
}

/** A change under way, which holds a load balancer until it ends. */
export interface Lock {
  readonly id: string
  readonly kind: 'create' | 'update' | 'delete'
  /** Ids of what the change makes or changes, the load balancer itself aside. */
  readonly touched: readonly string[]
}

export interface UserDoc {
  readonly username: string
  readonly encrypted_password: string
}

export interface ListenerDoc extends Timeouts {
  readonly id: string
  readonly name: string
  readonly protocol: ListenerProtocol
  readonly protocol_port: number
  readonly admin_state_up: boolean
  readonly secret_id: string | null
  readonly sni_secret_id: readonly string[]
  readonly default_pool_id: string | null
  readonly insert_x_forwarded: boolean
  readonly connection_limit: number
  readonly allowed_cidrs: readonly string[] | null
  readonly user_list: readonly UserDoc[]
  readonly client_auth: ClientAuth
  readonly client_ca_secret_id: string | null
  readonly client_crl_secret_id: string | null
  readonly creator_task_id: string
}

export interface RuleDoc {
  readonly id: string
  readonly type: RuleType
  readonly compare_type: CompareType
  readonly key: string | null
  readonly value: string
  readonly invert: boolean
  readonly tags: readonly string[]
  readonly created_at: number
  readonly updated_at: number | null
}

export interface PolicyDoc {
  readonly id: string
  readonly listener_id: string
  readonly name: string
  readonly action: PolicyAction
  readonly position: number
  readonly redirect_http_code: number | null
  readonly redirect_pool_id: string | null
  readonly redirect_prefix: string | null
  readonly redirect_url: string | null
  readonly tags: readonly string[]
  readonly rules: readonly RuleDoc[]
  readonly created_at: number
  readonly updated_at: number | null
}

export interface LoggingDoc {
  readonly enabled: boolean
  readonly topic_name: string | null
  readonly destination_region_id: number | null
  readonly retention_policy: { readonly period: number | null } | null
}

export interface LoadBalancerDoc {
  readonly id: string
  readonly name: string
  readonly flavor: string
  readonly admin_state_up: boolean
  readonly tags: Readonly<Record<string, string>>
  readonly logging: LoggingDoc
  readonly preferred_connectivity: 'L2' | 'L3'
  readonly vip_ip_family: 'dual' | 'ipv4' | 'ipv6'
  readonly vip_address: string
  readonly additional_vips: readonly string[]
  readonly vip_network_id: string | null
  readonly vip_subnet_id: string | null
  readonly vip_port_id: string
  readonly listeners: readonly ListenerDoc[]
  readonly policies: readonly PolicyDoc[]
  readonly created_at: number
  readonly updated_at: number | null
  readonly creator_task_id: string
  readonly task: Lock | null
}

export interface MemberDoc {
  readonly id: string
  readonly address: string
  readonly protocol_port: number
  readonly weight: number
  readonly backup: boolean
  readonly admin_state_up: boolean
  readonly subnet_id: string | null
  readonly instance_id: string | null
  readonly monitor_address: string | null
  readonly monitor_port: number | null
}

export interface MonitorDoc {
  readonly id: string
  readonly type: MonitorType
  /** Seconds. */
  readonly delay: number
  /** Seconds. */
  readonly timeout: number
  readonly max_retries: number
  readonly max_retries_down: number
  readonly http_method: string | null
  readonly http_version: string | null
  readonly url_path: string | null
  readonly expected_codes: string | null
  readonly domain_name: string | null
  readonly admin_state_up: boolean
}

export interface PersistenceDoc {
  readonly type: PersistenceType
  readonly cookie_name: string | null
  readonly persistence_granularity: string | null
  readonly persistence_timeout: number | null
}

export interface PoolDoc extends Timeouts {
  readonly id: string
  readonly load_balancer_id: string
  readonly name: string
  readonly protocol: PoolProtocol
  readonly lb_algorithm: Algorithm
  readonly admin_state_up: boolean
  readonly secret_id: string | null
  readonly ca_secret_id: string | null
  readonly crl_secret_id: string | null
  readonly members: readonly MemberDoc[]
  readonly healthmonitor: MonitorDoc | null
  readonly session_persistence: PersistenceDoc | null
  readonly creator_task_id: string
}

/** What a secret can be used for. */
export type Use = 'authorities' | 'key pair' | 'revocation list'

export interface SecretDoc {
  readonly id: string
  readonly name: string
  readonly secret_type: string
  /** The content in base64, without line ends. Sealed in the store, and never given back. */
  readonly payload: string
  readonly payload_content_type: string
  readonly expiration: number | null
  readonly algorithm: string | null
  readonly bit_length: number | null
  readonly mode: string | null
  readonly created: number
  /** What the content was found to be good for when it was made. */
  readonly uses: readonly Use[]
  /** DNS names and IP addresses that its certificate speaks for. */
  readonly names: readonly string[]
}

export type TaskState = 'ERROR' | 'FINISHED' | 'NEW' | 'RUNNING'

/** Kinds of things that a task can have made, as the API spells them (`l7polices` included). */
export type CreatedKind =
  | 'healthmonitors'
  | 'l7polices'
  | 'l7rules'
  | 'listeners'
  | 'loadbalancers'
  | 'members'
  | 'pools'
  | 'secrets'
export type Created = Readonly<Partial<Record<CreatedKind, readonly string[]>>>

/** A document as it was before a change; null: there was none. */
export interface Undo {
  readonly key: string
  readonly value: unknown
}

export interface TaskDoc {
  readonly id: string
  readonly task_type: string
  readonly project_id: number
  readonly region_id: number
  readonly state: TaskState
  readonly error: string | null
  readonly created_on: number
  readonly updated_on: number | null
  readonly finished_on: number | null
  readonly acknowledged_at: number | null
  readonly request_id: string
  readonly created_resources: Created | null
  /** The load balancer that a task under way holds. */
  readonly holds: string | null
  /** What to put back where a task under way fails. */
  readonly undo: readonly Undo[]
}
