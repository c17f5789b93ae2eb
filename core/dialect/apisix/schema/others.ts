import { DESCRIPTION, ID, LABELS, NAME, object, PLUGINS, text, TIMESTAMP } from './common.ts'
import type { Schema } from './types.ts'

const TIMES = { create_time: TIMESTAMP, update_time: TIMESTAMP }

/** Who calls. */
export const CONSUMER: Schema = object({
  username: text({ minLength: 1, maxLength: 256, pattern: '^[a-zA-Z0-9_\\-]+$' }),
  group_id: ID,
  plugins: PLUGINS,
  labels: LABELS,
  desc: DESCRIPTION,
  ...TIMES,
}, { required: ['username'], additionalProperties: false })

/** One more way in which a consumer proves itself. */
export const CREDENTIAL: Schema = object({
  id: ID,
  name: NAME,
  plugins: { type: 'object', maxProperties: 1 },
  labels: LABELS,
  desc: DESCRIPTION,
  ...TIMES,
}, { additionalProperties: false })

/** Plugins that consumers have in common. */
export const CONSUMER_GROUP: Schema = object({
  id: ID,
  name: NAME,
  desc: DESCRIPTION,
  plugins: PLUGINS,
  labels: LABELS,
  ...TIMES,
}, { required: ['id', 'plugins'], additionalProperties: false })

/** Plugins that meet every request. */
export const GLOBAL_RULE: Schema = object({
  id: ID,
  name: NAME,
  desc: DESCRIPTION,
  labels: LABELS,
  plugins: PLUGINS,
  ...TIMES,
}, { required: ['id', 'plugins'], additionalProperties: false })

/** Plugins that routes have in common. */
export const PLUGIN_CONFIG: Schema = CONSUMER_GROUP

/** What gRPC transcoding would need: kept, without effect. */
export const PROTO: Schema = object({
  id: ID,
  name: NAME,
  desc: DESCRIPTION,
  labels: LABELS,
  content: text({ minLength: 1, maxLength: 1_048_576 }),
  ...TIMES,
}, { required: ['content'], additionalProperties: false })
