/**
 * A transport stream, as it comes from a pipe -> its tables, and the pictures and packets of sound that begin in it (PES). Each packet
 * is checked: nothing may be lost between FFmpeg and here. Pure. Source: ISO/IEC 13818-1, 2.4.3.
 * @module
 */
import { FlawError } from '../cut/segmenter.ts'
import { isTable, mapPidOf, payloadOf, PROGRAMS_PID } from './tables.ts'

export const PACKET_BYTES = 188
/** Where the description of a picture is, behind what may come before it: captions have a kilobyte or two. */
const HEAD_BYTES = 8 * 1024
const SYNC = 0x47
/** Times have 33 bits: they begin again after 26.5 hours. */
const WRAP_TICKS = 2 ** 33

/** A picture or a packet of sound. By its arguments, FFmpeg puts each into a PES packet of its own. */
export interface Unit {
  readonly pid: number
  /** Of 90,000 a second, never back at 0. */
  readonly shownAt: number
  /** A player can begin here. */
  readonly isRandomAccess: boolean
}

export interface TransportEvents {
  /** A packet of a table; `mapPid` is known once the first table has come. */
  onTable(pid: number, packet: Buffer, mapPid: number): void
  /** The bytes of it follow. Whether its first bytes are wanted by {@link onHead}. */
  onUnit(unit: Unit): boolean
  onHead(unit: Unit, head: Buffer): void
  /** The next packets, as they are; those of tables excepted. */
  onBytes(bytes: Buffer): void
}

export interface TransportReader {
  /** @throws {FlawError} when the bytes are not a transport stream, or packets of it are missing or damaged */
  push(bytes: Buffer): void
  /** Hands over what waits. Bytes that are left over: 0 when the stream ended with a whole packet. */
  end(): number
}

export function createTransportReader(events: TransportEvents): TransportReader {
  let rest: Buffer = Buffer.alloc(0)
  let mapPid: number | undefined
  const counters = new Map<number, number>()
  const lastTicks = new Map<number, number>()
  let watched: { readonly unit: Unit; readonly parts: Buffer[]; bytes: number } | undefined

  const mustFollow = (pid: number, counter: number) => {
    const last = counters.get(pid)
    if (last !== undefined && counter !== ((last + 1) & 15))
      throw new FlawError(`packets of its stream ${pid} are missing`)
    counters.set(pid, counter)
  }
  const unwrapped = (pid: number, ticks: number): number => {
    const last = lastTicks.get(pid) ?? ticks
    const at = ticks + WRAP_TICKS * Math.round((last - ticks) / WRAP_TICKS)
    lastTicks.set(pid, at)
    return at
  }
  const handOverHead = () => {
    if (watched) events.onHead(watched.unit, Buffer.concat(watched.parts))
    watched = undefined
  }
  const gather = (payload: Buffer) => {
    if (!watched) return
    watched.parts.push(payload)
    watched.bytes += payload.length
    if (watched.bytes >= HEAD_BYTES) handOverHead()
  }
  const begin = (pid: number, packet: Buffer) => {
    if (watched?.unit.pid === pid) handOverHead()
    const from = payloadOf(packet)
    const { ticks, payloadAt } = readHeader(packet, from)
    // The flags of an adaptation field that is not empty.
    const isRandomAccess = from > 5 && ((packet[5] ?? 0) & 0x40) !== 0
    const unit = { pid, shownAt: unwrapped(pid, ticks), isRandomAccess }
    if (!events.onUnit(unit)) return
    handOverHead()
    watched = { unit, parts: [], bytes: 0 }
    gather(packet.subarray(payloadAt))
  }
  return {
    push(bytes) {
      const all = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes
      const end = all.length - (all.length % PACKET_BYTES)
      let from = 0
      const passOn = (until: number) => {
        if (until > from) events.onBytes(all.subarray(from, until))
        from = until
      }
      for (let at = 0; at < end; at += PACKET_BYTES) {
        const [second = 0, third = 0, fourth = 0] = [all[at + 1], all[at + 2], all[at + 3]]
        if (all[at] !== SYNC) throw new FlawError('a packet does not begin as it should')
        if ((second & 0x80) !== 0 || (fourth & 0xc0) !== 0)
          throw new FlawError('a packet is marked as damaged or scrambled')
        const pid = ((second & 0x1f) << 8) | third
        const hasPayload = (fourth & 0x10) !== 0
        if (!hasPayload) continue
        mustFollow(pid, fourth & 15)
        if (isTable(pid, mapPid)) {
          passOn(at)
          from = at + PACKET_BYTES
          const packet = all.subarray(at, from)
          if (pid === PROGRAMS_PID) mapPid ??= mapPidOf(packet)
          if (mapPid !== undefined) events.onTable(pid, packet, mapPid)
        } else if ((second & 0x40) !== 0) {
          passOn(at)
          begin(pid, all.subarray(at, at + PACKET_BYTES))
        } else if (watched?.unit.pid === pid) {
          const packet = all.subarray(at, at + PACKET_BYTES)
          gather(packet.subarray(payloadOf(packet)))
        }
      }
      passOn(end)
      rest = all.subarray(end)
    },
    end() {
      handOverHead()
      return rest.length
    },
  }
}

/** Of a PES packet, all of whose header is in the packet of the transport stream that it begins in. */
function readHeader(packet: Buffer, at: number): { readonly ticks: number; readonly payloadAt: number } {
  const isThere = at + 14 <= packet.length && packet.readUIntBE(at, 3) === 1
  if (!isThere || ((packet[at + 7] ?? 0) & 0x80) === 0)
    throw new FlawError('a picture or a packet of sound has no time')
  const [high = 0] = [packet[at + 9]]
  const ticks =
    ((high >> 1) & 7) * 2 ** 30 +
    (packet.readUInt16BE(at + 10) >> 1) * 2 ** 15 +
    (packet.readUInt16BE(at + 12) >> 1)
  return { ticks, payloadAt: at + 9 + (packet[at + 8] ?? 0) }
}
