/** The tables of a transport stream (ISO/IEC 13818-1, 2.4.4): which packets belong to its picture and its sound. Pure. @module */
import { FlawError } from '../cut/segmenter.ts'

export const PROGRAMS_PID = 0
/** Of networks and services: DVB's, which FFmpeg writes too, and no player needs. */
const OTHER_TABLES: readonly number[] = [0x10, 0x11]

/** Stream types as FFmpeg writes them. */
const PICTURE_TYPE = 0x1b
export const SOUND_TYPES: Readonly<Record<number, 'adts' | 'mp3' | 'ac3' | 'eac3'>> = {
  0x0f: 'adts',
  0x03: 'mp3',
  0x04: 'mp3',
  0x81: 'ac3',
  0x87: 'eac3',
}

export interface StreamMap {
  readonly pictures: readonly number[]
  readonly sounds: readonly { readonly pid: number; readonly type: number }[]
}

export function isTable(pid: number, mapPid: number | undefined): boolean {
  return pid === PROGRAMS_PID || pid === mapPid || OTHER_TABLES.includes(pid)
}

/**
 * The packets that hold the map of the one program.
 *
 * @throws {FlawError} when there are several programs, or none
 */
export function mapPidOf(packet: Buffer): number {
  const section = sectionOf(packet)
  const pids: number[] = []
  for (let at = 8; at + 4 <= section.length; at += 4)
    if (section.readUInt16BE(at) !== 0) pids.push(section.readUInt16BE(at + 2) & 0x1fff)
  const [pid] = pids
  if (pid === undefined || pids.length > 1) throw new FlawError(`it has ${pids.length} programs`)
  return pid
}

/** @throws {FlawError} when the map names a stream that players do not know */
export function streamsOf(packet: Buffer): StreamMap {
  const section = sectionOf(packet)
  const pictures: number[] = []
  const sounds: { readonly pid: number; readonly type: number }[] = []
  if (section.length < 12) throw new FlawError('its map of streams is torn')
  for (let at = 12 + (section.readUInt16BE(10) & 0xfff); at + 5 <= section.length;) {
    const type = section.readUInt8(at)
    const pid = section.readUInt16BE(at + 1) & 0x1fff
    if (type === PICTURE_TYPE) pictures.push(pid)
    else if (type in SOUND_TYPES) sounds.push({ pid, type })
    else throw new FlawError(`it has a stream of type ${type}, which players do not know`)
    at += 5 + (section.readUInt16BE(at + 3) & 0xfff)
  }
  if (pictures.length > 1 || sounds.length > 1 || pictures.length + sounds.length === 0)
    throw new FlawError(`it has ${pictures.length} pictures and ${sounds.length} sounds`)
  return { pictures, sounds }
}

/** Without its checksum. FFmpeg's tables fit into one packet. */
function sectionOf(packet: Buffer): Buffer {
  const from = payloadOf(packet)
  const section = packet.subarray(from + 1 + (packet[from] ?? 0))
  const bytes = section.length < 3 ? 0 : 3 + (section.readUInt16BE(1) & 0xfff)
  if (bytes < 8 || bytes > section.length) throw new FlawError('one of its tables is torn')
  return section.subarray(0, bytes - 4)
}

/** Where the payload of a packet begins. */
export function payloadOf(packet: Buffer): number {
  return ((packet[3] ?? 0) & 0x20) === 0 ? 4 : 5 + (packet[4] ?? 0)
}
