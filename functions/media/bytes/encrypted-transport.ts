/** Detects encryption in a transport stream: whole packets that are scrambled, or Apple's SAMPLE-AES inside of them. Pure. @module */

/** Apple, "MPEG-2 Stream Encryption Format for HTTP Live Streaming": H.264 and AAC; AC-3 shares its numbers with others. */
const SAMPLE_AES_TYPES: readonly number[] = [0xdb, 0xcf]
/** Its name in a private data indicator descriptor. */
const SAMPLE_AES_NAME = /^z(avc|aac|ac3|ec3)$/
const PRIVATE_DATA_INDICATOR = 0x0f

/** The name of the encryption; `undefined` when there is no sign of any. */
export function encryptionOfTransport(head: Buffer): string | undefined {
  const packetBytes = head[0] === 0x47 ? 188 : 192
  let [scrambled, clear] = [0, 0]
  const maps = new Set<number>()
  for (let at = packetBytes - 188; at + 188 <= head.length; at += packetBytes) {
    const packet = head.subarray(at, at + 188)
    const pid = packet.readUInt16BE(1) & 0x1fff
    const flags = packet[3] ?? 0
    if (packet[0] !== 0x47 || pid === 0x1fff || (flags & 0x10) === 0) continue
    const section = sectionIn(packet)
    if (pid === 0 && section) for (const map of mapsIn(section)) maps.add(map)
    if (maps.has(pid) && section && hasSampleAes(section)) return 'SAMPLE-AES'
    // Tables (below 0x20) are always in clear.
    if (pid < 0x20) continue
    if ((flags & 0xc0) === 0) clear++
    else scrambled++
  }
  // Maps and guides are in clear, so that receivers find their way.
  return scrambled > clear ? 'a scrambled transport stream' : undefined
}

/** A section that begins in this packet, as far as it is in it. */
function sectionIn(packet: Buffer): Buffer | undefined {
  const [, second = 0, , fourth = 0] = packet
  if ((second & 0x40) === 0) return undefined
  const from = (fourth & 0x20) === 0 ? 4 : 5 + (packet[4] ?? 0)
  const section = packet.subarray(from + 1 + (packet[from] ?? 0))
  if (section.length < 12) return undefined
  // Without its checksum of four bytes.
  return section.subarray(0, 3 + (section.readUInt16BE(1) & 0xfff) - 4)
}

/** The packets that hold a map of a programme, by the list of programmes. */
function mapsIn(section: Buffer): readonly number[] {
  const found: number[] = []
  for (let at = 8; at + 4 <= section.length; at += 4) {
    if (section.readUInt16BE(at) !== 0) found.push(section.readUInt16BE(at + 2) & 0x1fff)
  }
  return found
}

function hasSampleAes(map: Buffer): boolean {
  if (map[0] !== 2 || map.length < 12) return false
  for (let at = 12 + (map.readUInt16BE(10) & 0xfff); at + 5 <= map.length;) {
    if (SAMPLE_AES_TYPES.includes(map[at] ?? 0)) return true
    const end = at + 5 + (map.readUInt16BE(at + 3) & 0xfff)
    for (let tag = at + 5; tag + 2 <= Math.min(end, map.length); tag += 2 + (map[tag + 1] ?? 0)) {
      const name = map.toString('latin1', tag + 2, tag + 6)
      if (map[tag] === PRIVATE_DATA_INDICATOR && SAMPLE_AES_NAME.test(name)) return true
    }
    at = end
  }
  return false
}
