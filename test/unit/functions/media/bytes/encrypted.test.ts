import { describe, expect, it } from 'vitest'
import { encryptionOf } from '../../../../../functions/media/bytes/encrypted.ts'

const readOf = (file: Buffer) => (start: number, count: number) =>
  Promise.resolve(file.subarray(start, start + count))
const look = (file: Buffer, demuxer: string) => encryptionOf(readOf(file), demuxer, file.length)

function box(type: string, ...content: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(
    content.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)),
  )
  const head = Buffer.alloc(8)
  head.writeUInt32BE(body.length + 8)
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, body])
}

const trak = (entry: Buffer) =>
  box(
    'trak',
    box('mdia', box('minf', box('stbl', box('stsd', Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]), entry)))),
  )
const protectedBy = (scheme: string) =>
  box('sinf', box('frma', 'avc1'), box('schm', Buffer.alloc(4), scheme, Buffer.alloc(4)))
const movie = (...entries: readonly Buffer[]) =>
  Buffer.concat([
    box('ftyp', 'isom'),
    box('mdat', Buffer.alloc(70_000)),
    box('moov', box('mvhd'), ...entries.map(trak)),
  ])

/** An element of EBML with a length of two bytes. */
function element(id: string, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content)
  return Buffer.concat([
    Buffer.from(id, 'hex'),
    Buffer.from([0x40 | (body.length >> 8), body.length & 0xff]),
    body,
  ])
}
const encryption = element('6d80', element('6240', element('5035', element('47e1', Buffer.from([5])))))
const compression = element('6d80', element('6240', element('5034')))
const matroska = (...tracks: readonly Buffer[]) =>
  Buffer.concat([
    element('1a45dfa3', element('4282', Buffer.from('matroska'))),
    // A live recording's Segment has no length.
    Buffer.from('1853806701ffffffffffffff', 'hex'),
    element('1549a966', Buffer.alloc(300)),
    element('1654ae6b', ...tracks),
    element('1f43b675', encryption),
  ])
const entry = (...content: readonly Buffer[]) => element('ae', element('d7', Buffer.from([1])), ...content)

/** One packet, of a pid; scrambled or not. */
function packet(pid: number, isScrambled = false): Buffer {
  const bytes = Buffer.alloc(188)
  bytes.set([0x47, pid >> 8, pid & 0xff, isScrambled ? 0xd0 : 0x10])
  return bytes
}

/** A packet in which a section begins. */
function table(pid: number, section: Buffer): Buffer {
  const bytes = packet(pid)
  bytes[1] = (bytes[1] ?? 0) | 0x40
  section.copy(bytes, 5)
  return bytes
}
function section(id: number, body: Buffer): Buffer {
  const whole = Buffer.concat([Buffer.from([id, 0, 0, 0, 1, 0xc1, 0, 0]), body, Buffer.alloc(4)])
  whole.writeUInt16BE(0xb000 | (whole.length - 3), 1)
  return whole
}
const programs = (map: number) => table(0, section(0, Buffer.from([0, 1, 0xe0 | (map >> 8), map & 0xff])))
function map(pid: number, type: number, descriptor: string): Buffer {
  const described = Buffer.from(descriptor, 'hex')
  const stream = Buffer.from([type, 0xe1, 0, 0xf0, described.length])
  return table(pid, section(2, Buffer.concat([Buffer.from([0xe1, 0, 0xf0, 0]), stream, described])))
}

describe('encryptionOf', () => {
  it.each([
    {
      name: 'a picture by Common Encryption',
      file: movie(box('encv', Buffer.alloc(78), protectedBy('cenc'))),
      says: 'encv, cenc',
    },
    {
      name: 'the sound alone',
      file: movie(box('avc1', Buffer.alloc(78)), box('enca', protectedBy('cbcs'))),
      says: 'enca, cbcs',
    },
    { name: 'what Apple sold', file: movie(box('drms', Buffer.alloc(28))), says: 'drms' },
  ])('names it in MP4: $name', async ({ file, says }) => {
    expect(await look(file, 'mov')).toBe(
      `the file is encrypted (${says}): its packets could be copied and not played, and there is no key here; upload it decrypted`,
    )
  })

  it('finds it in any track of Matroska', async () => {
    expect(await look(matroska(entry(), entry(encryption)), 'matroska')).toMatch(/\(ContentEncryption\)/)
  })

  it('finds it in Matroska by the kind of an encoding alone', async () => {
    const kind = (value: number) =>
      entry(element('6d80', element('6240', element('5033', Buffer.from([value])))))
    expect(await look(matroska(kind(1)), 'matroska')).toMatch(/\(ContentEncryption\)/)
    expect(await look(matroska(kind(0)), 'matroska')).toBeUndefined()
  })

  it.each([
    { name: 'by the type of its picture', type: 0xdb, descriptor: '' },
    { name: 'by the type of its sound', type: 0xcf, descriptor: '' },
    { name: 'by its name beside another type', type: 0xc1, descriptor: '0f047a616333' },
  ])('finds SAMPLE-AES of HLS in a transport stream $name', async ({ type, descriptor }) => {
    const file = Buffer.concat([programs(0x100), map(0x100, type, descriptor), packet(256), packet(256)])
    expect(await look(file, 'mpegts')).toMatch(/^the file is encrypted \(SAMPLE-AES\)/)
  })

  it('takes a plain map of a transport stream, and one that ends too early, for what they are', async () => {
    const plain = Buffer.concat([programs(0x100), map(0x100, 0x1b, '0f0461626364'), packet(257)])
    expect(await look(plain, 'mpegts')).toBeUndefined()
    for (let end = 0; end < plain.length; end += 7)
      expect(await look(plain.subarray(0, end), 'mpegts')).toBeUndefined()
  })

  it('finds it in ASF and in most packets of a transport stream', async () => {
    const asf = Buffer.concat([Buffer.alloc(100), Buffer.from('fbb3112223bdd211b4b700a0c955fc6e', 'hex')])
    expect(await look(asf, 'asf')).toMatch(/Windows Media DRM/)
    const maps = [packet(0), packet(0x1fff), packet(17)]
    const scrambled = [packet(256, true), packet(256, true), packet(4_096)]
    expect(await look(Buffer.concat([...maps, ...scrambled]), 'mpegts')).toMatch(/scrambled transport stream/)
    expect(await look(Buffer.concat([...maps, packet(256), packet(257)]), 'mpegts')).toBeUndefined()
  })

  it.each([
    { name: 'MP4', file: movie(box('avc1', Buffer.alloc(78)), box('mp4a')), demuxer: 'mov' },
    { name: 'MP4 without tables', file: box('ftyp', 'isom'), demuxer: 'mov' },
    { name: 'Matroska whose tracks are compressed', file: matroska(entry(compression)), demuxer: 'matroska' },
    {
      name: 'Matroska that breaks off',
      file: matroska(entry(encryption)).subarray(0, 60),
      demuxer: 'matroska',
    },
    { name: 'another container', file: Buffer.from('enca encv drmi'), demuxer: 'avi' },
  ])('has nothing to say of $name', async ({ file, demuxer }) => {
    expect(await look(file, demuxer)).toBeUndefined()
  })
})
