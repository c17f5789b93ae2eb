import type { ConnectionRefusal, ExchangeRecord, StreamRecord } from './types.ts'

/** Text that JSON takes as it is; most values are, and testing is cheaper than escaping. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

/** One JSON line for an exchange. Everything from outside is escaped by JSON's rules. */
export function accessLogLine(record: ExchangeRecord): string {
  return '{"time":"' + isoTime(record.time) +
    '","listener":' + text(record.listener) +
    ',"address":' + text(record.address) +
    ',"sni":' + text(record.sni) +
    ',"version":' + text(record.version) +
    ',"method":' + text(record.method) +
    ',"host":' + text(record.host) +
    ',"path":' + text(record.path) +
    ',"status":' + record.status +
    ',"requestBytes":' + record.requestBytes +
    ',"responseBytes":' + record.responseBytes +
    ',"durationMs":' + rounded(record.duration) +
    (record.upstreamDuration < 0 ? '' : ',"upstreamMs":' + rounded(record.upstreamDuration)) +
    optional('route', record.route) +
    optional('plan', record.plan) +
    optional('application', record.application) +
    optional('certificate', record.certificate) +
    optional('endpoint', record.endpoint) +
    optional('code', record.code) +
    optional('detail', record.detail) + '}\n'
}

/** One JSON line for a connection that was no HTTP. */
export function streamLogLine(record: StreamRecord): string {
  return '{"time":"' + isoTime(record.time) +
    '","listener":' + text(record.listener) +
    ',"address":' + text(record.address) +
    ',"sni":' + text(record.sni) +
    ',"version":"tcp","status":0' +
    ',"receivedBytes":' + record.received +
    ',"sentBytes":' + record.sent +
    ',"durationMs":' + rounded(record.duration) +
    (record.connectDuration < 0 ? '' : ',"connectMs":' + rounded(record.connectDuration)) +
    optional('upstream', record.upstream) +
    optional('endpoint', record.endpoint) +
    optional('code', record.code) +
    optional('detail', record.detail) + '}\n'
}

/** One JSON line for a connection that was refused before any request. */
export function connectionLogLine(refusal: ConnectionRefusal): string {
  return '{"time":"' + isoTime(refusal.time) +
    '","listener":' + text(refusal.listener) +
    ',"address":' + text(refusal.address) +
    ',"sni":' + text(refusal.sni) +
    ',"status":' + refusal.status +
    optional('certificate', refusal.certificate) +
    optional('code', refusal.code) +
    optional('detail', refusal.detail) + '}\n'
}

function optional(name: string, value: string): string {
  return value === '' ? '' : ',"' + name + '":' + text(value)
}

function text(value: string): string {
  return PLAIN.test(value) ? '"' + value + '"' : escaped(value)
}

/** JSON leaves DEL and the C1 controls as they are; a terminal would not. */
function escaped(value: string): string {
  return JSON.stringify(value).replace(
    /[\x7f-\x9f\u2028\u2029]/g,
    (character) => '\\u' + character.charCodeAt(0).toString(16).padStart(4, '0'),
  )
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}

let lastSecond = -1
let lastText = ''

/** ISO 8601 with milliseconds; the second's text is kept, since many lines share it. */
function isoTime(time: number): string {
  const second = Math.floor(time / 1000)
  if (second !== lastSecond) {
    lastSecond = second
    lastText = new Date(second * 1000).toISOString().slice(0, 20)
  }
  return lastText + String(Math.floor(time - second * 1000)).padStart(3, '0') + 'Z'
}
