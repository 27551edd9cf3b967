/** Transport streams made by hand, packet by packet, so that each of their faults can be made too. @module */

const BYTES = 188
export const [MAP, PICTURE, SOUND] = [0x1000, 0x100, 0x101]
export const SECOND = 90_000

interface Unit {
  readonly pid: number
  /** Of 90,000 a second. */
  readonly at: number
  readonly isKey?: boolean
  readonly payload?: Buffer
}

/** A description of High profile, level 3.1, and a slice of a keyframe. */
export const DESCRIBED = Buffer.from('0000000109f0000000016764001fac00000001658884', 'hex')
/** A header of AAC in ADTS: low complexity, 48 kHz, stereo. */
export const ADTS = Buffer.from('fff14c80201ffc2100', 'hex')

export function createTransport({ types = { [PICTURE]: 0x1b, [SOUND]: 0x0f } } = {}) {
  const counters = new Map<number, number>()
  const packetOf = (pid: number, isStart: boolean, payload: Buffer, flags?: number): Buffer => {
    const counter = ((counters.get(pid) ?? -1) + 1) & 15
    counters.set(pid, counter)
    const room = BYTES - 4 - payload.length
    const hasField = room > 0 || flags !== undefined
    const head = Buffer.from([
      0x47,
      (isStart ? 0x40 : 0) | (pid >> 8),
      pid & 0xff,
      (hasField ? 0x30 : 0x10) | counter,
    ])
    const field = Buffer.alloc(room, 0xff)
    if (room > 0) field[0] = room - 1
    if (room > 1) field[1] = flags ?? 0
    return Buffer.concat([head, field, payload])
  }
  const section = (content: Buffer): Buffer => Buffer.concat([Buffer.from([0]), content, Buffer.alloc(4)])
  const pid13 = (pid: number) => [0xe0 | (pid >> 8), pid & 0xff]
  return {
    packetOf,
    tables(): Buffer {
      const programs = Buffer.from([0, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, ...pid13(MAP)])
      const streams = Object.entries(types).flatMap(([pid, type]) => [type, ...pid13(Number(pid)), 0xf0, 0])
      const map = [2, 0xb0, 13 + streams.length, 0, 1, 0xc1, 0, 0, ...pid13(PICTURE), 0xf0, 0, ...streams]
      return Buffer.concat([
        packetOf(0, true, section(programs)),
        packetOf(MAP, true, section(Buffer.from(map))),
      ])
    },
    /** In as many packets as its payload needs. */
    unit({ pid, at, isKey = false, payload = pid === PICTURE ? DESCRIBED : ADTS }: Unit): Buffer {
      const time = at % 2 ** 33
      const header = Buffer.from([0, 0, 1, pid === PICTURE ? 0xe0 : 0xc0, 0, 0, 0x80, 0x80, 5, 0, 0, 0, 0, 0])
      header[9] = 0x21 | (Math.floor(time / 2 ** 30) << 1)
      header.writeUInt16BE(((Math.floor(time / 2 ** 15) & 0x7fff) << 1) | 1, 10)
      header.writeUInt16BE(((time & 0x7fff) << 1) | 1, 12)
      const all = Buffer.concat([header, payload])
      const first = BYTES - 6
      const packets = [packetOf(pid, true, all.subarray(0, first), isKey ? 0x40 : 0)]
      for (let from = first; from < all.length; from += BYTES - 4)
        packets.push(packetOf(pid, false, all.subarray(from, from + BYTES - 4)))
      return Buffer.concat(packets)
    },
  }
}
