import { FIRST_WINDOW, type Frame, FRAME_SIZE, MAX_31_BITS, readUint32 } from './frames.ts'
import { H2Error, type H2Fault, type H2Options } from './types.ts'

/** Identifiers of settings (RFC 9113 section 6.5.2, RFC 8441 section 3, RFC 9218 section 2.1). */
export const Setting = {
  HeaderTableSize: 1,
  EnablePush: 2,
  MaxConcurrentStreams: 3,
  InitialWindowSize: 4,
  MaxFrameSize: 5,
  MaxHeaderListSize: 6,
  EnableConnectProtocol: 8,
  NoRfc7540Priorities: 9,
} as const

/** Streams that are opened before the other side says how many it takes. */
const FIRST_STREAMS = 100

/** What the other side takes. */
export interface PeerSettings {
  /** Whether it has said so. */
  told: boolean
  headerTableSize: number
  concurrentStreams: number
  initialWindow: number
  connectProtocol: boolean
}

/** What holds before the other side says anything, but for the number of streams, which it is sure to limit. */
export function firstSettings(): PeerSettings {
  return {
    told: false,
    headerTableSize: 4096,
    concurrentStreams: FIRST_STREAMS,
    initialWindow: FIRST_WINDOW,
    connectProtocol: false,
  }
}

/** The settings to announce, identifiers and values in turn. */
export function ownSettings({ role, limits, connectProtocol }: H2Options): number[] {
  const both = [
    Setting.InitialWindowSize,
    limits.streamWindow,
    Setting.MaxHeaderListSize,
    limits.headSize,
  ]
  if (role === 'client') return [Setting.EnablePush, 0, ...both]
  const server = [Setting.MaxConcurrentStreams, limits.concurrentStreams, ...both]
  return connectProtocol === true ? [...server, Setting.EnableConnectProtocol, 1] : server
}

/** Writes a SETTINGS frame's values into `peer`, in their order; where one is wrong, says so. Unknown ones are ignored. */
export function readSettings(
  { bytes, start, end }: Frame,
  peer: PeerSettings,
  role: 'server' | 'client',
): H2Fault | undefined {
  for (let at = start; at < end; at += 6) {
    const setting = (bytes[at]! << 8) | bytes[at + 1]!
    const value = readUint32(bytes, at + 2)
    const fault = readSetting(setting, value, peer) ??
      (setting === Setting.EnablePush && value === 1 && role === 'client'
        ? wrong('ENABLE_PUSH', value)
        : undefined)
    if (fault !== undefined) return fault
  }
  return undefined
}

function readSetting(setting: number, value: number, peer: PeerSettings): H2Fault | undefined {
  switch (setting) {
    case Setting.HeaderTableSize:
      peer.headerTableSize = value
      return undefined
    case Setting.EnablePush:
      return value > 1 ? wrong('ENABLE_PUSH', value) : undefined
    case Setting.MaxConcurrentStreams:
      peer.concurrentStreams = value
      return undefined
    case Setting.InitialWindowSize:
      if (value > MAX_31_BITS) {
        return { ...wrong('INITIAL_WINDOW_SIZE', value), code: H2Error.FlowControl }
      }
      peer.initialWindow = value
      return undefined
    case Setting.MaxFrameSize:
      // Larger frames than all take would only keep other streams waiting.
      return value < FRAME_SIZE || value > 0xff_ffff ? wrong('MAX_FRAME_SIZE', value) : undefined
    case Setting.EnableConnectProtocol:
      if (value > 1 || (value === 0 && peer.connectProtocol)) {
        return { ...wrong('ENABLE_CONNECT_PROTOCOL', value), clause: 'RFC 8441 section 3' }
      }
      peer.connectProtocol = value === 1
      return undefined
    case Setting.NoRfc7540Priorities:
      if (value <= 1) return undefined
      return { ...wrong('NO_RFC7540_PRIORITIES', value), clause: 'RFC 9218 section 2.1' }
    default:
      return undefined
  }
}

function wrong(name: string, value: number): H2Fault {
  const detail = `Read setting ${name} ${value}: not allowed`
  return { code: H2Error.Protocol, detail, clause: 'RFC 9113 section 6.5.2' }
}
