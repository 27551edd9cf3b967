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
      `the file is encrypted (${says}): upload it decrypted; nobody could play its chunks`,
    )
  })

  it('finds it in any track of Matroska', async () => {
    expect(await look(matroska(entry(), entry(encryption)), 'matroska')).toMatch(/\(ContentEncryption\)/)
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
