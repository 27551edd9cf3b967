/** Media that lies about itself: small files made from a good MP4 with rewritten tables, each harmful to a program that trusts it. @module */
import { box } from './disguises.ts'

export interface HostileFile {
  readonly name: string
  readonly bytes: Buffer
  /** In words, when it is refused; absent where a result may be right as well. */
  readonly reason?: RegExp
}

/** @param mp4 - picture and sound, `moov` before `mdat` */
export function hostileFiles(mp4: Buffer, canaryPath: string, host: string): readonly HostileFile[] {
  const ftyp = box('ftyp', Buffer.from('isom\0\0\u0002\0isomiso2', 'latin1'))
  return [
    { name: 'mdat only.mp4', bytes: Buffer.concat([ftyp, box('mdat', Buffer.alloc(4_000))]), reason: /moov/ },
    { name: 'nested.mp4', bytes: Buffer.concat([ftyp, nested(3_000)]), reason: /./ },
    { name: 'a box of 4 GB.mp4', bytes: Buffer.concat([ftyp, lying('moov', 0xffff_fff0)]), reason: /./ },
    { name: 'an endless box.mp4', bytes: Buffer.concat([ftyp, lying('free', 0)]), reason: /./ },
    {
      name: '2^31 samples.mp4',
      bytes: rewritten(mp4, 'stsz', (content) => patched(content, 8, 0x7fff_ffff)),
      reason: /./,
    },
    {
      name: '2^31 times.mp4',
      bytes: rewritten(mp4, 'stts', (content) => patched(content, 4, 0x7fff_ffff)),
      reason: /./,
    },
    {
      name: 'a picture that stands for days.mp4',
      bytes: rewritten(mp4, 'stts', (content) => patched(content, 12, 0x7fff_ffff)),
      reason: /go beyond the 100 hours/,
    },
    {
      name: 'chunks beyond the end.mp4',
      bytes: rewritten(mp4, 'stco', (content) => patched(content, 8, 0x7fff_fff0)),
      reason: /./,
    },
    {
      name: 'the same bytes 40,000 times.mp4',
      bytes: repeated(mp4),
      reason: /larger than the (file|source) can explain/,
    },
    { name: '300 tracks.mp4', bytes: tracks(mp4, 300), reason: /more streams|streams, and at most/ },
    {
      name: 'zeros without end.mp4',
      bytes: Buffer.concat([mp4, Buffer.alloc(8 * 1024 ** 2)]),
    },
    {
      name: 'text without end.ts',
      bytes: Buffer.concat(Array.from({ length: 2_000 }, (_, index) => packet(index))),
      reason: /./,
    },
    // Where it should read its samples: out of another file, or from a host.
    ...[`file://${canaryPath}`, canaryPath, `${host}/samples`].map((address, index) => ({
      name: `samples elsewhere ${index}.mov`,
      bytes: rewritten(mp4, 'dref', () =>
        Buffer.concat([
          Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]),
          box(index === 1 ? 'alis' : 'url ', Buffer.concat([Buffer.alloc(4), Buffer.from(`${address}\0`)])),
        ]),
      ),
    })),
  ]
}

const PARENTS = ['moov', 'trak', 'edts', 'mdia', 'minf', 'dinf', 'stbl']

interface Box {
  readonly type: string
  readonly content: Buffer
}

function boxesOf(bytes: Buffer): Box[] {
  const found: Box[] = []
  for (let at = 0; at + 8 <= bytes.length;) {
    const size = bytes.readUInt32BE(at)
    if (size < 8) throw new Error('a good file has no such box')
    found.push({ type: bytes.toString('latin1', at + 4, at + 8), content: bytes.subarray(at + 8, at + size) })
    at += size
  }
  return found
}

/** Every box of a type, at any depth, with other content. */
export function rewritten(bytes: Buffer, type: string, content: (old: Buffer) => Buffer): Buffer {
  let count = 0
  const rewrite = (within: Buffer): Buffer =>
    Buffer.concat(
      boxesOf(within).map((one) => {
        if (one.type === type) count++
        if (one.type === type) return box(type, content(one.content))
        return box(one.type, PARENTS.includes(one.type) ? rewrite(one.content) : one.content)
      }),
    )
  const result = rewrite(bytes)
  if (count === 0) throw new Error(`there is no box ${type}`)
  return result
}

export function patched(content: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(content)
  copy.writeUInt32BE(value, at)
  return copy
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4)
  return bytes
}

/** One track whose 40,000 samples are all the same 100,000 bytes of the file: 4 GB of pictures. */
function repeated(mp4: Buffer): Buffer {
  const count = 40_000
  const tables: Readonly<Record<string, Buffer>> = {
    stts: words(0, 1, count, 512),
    stsz: words(0, 100_000, count),
    stsc: words(0, 1, 1, 1, 1),
    stco: words(0, count, ...Array<number>(count).fill(100)),
    stss: words(0, count, ...Array.from({ length: count }, (_, index) => index + 1)),
  }
  let bytes = rewritten(mp4, 'moov', (moov) => {
    const all = boxesOf(moov)
    const first = all.find(({ type }) => type === 'trak')
    return Buffer.concat(
      all.flatMap((one) => (one.type === 'trak' && one !== first ? [] : [box(one.type, one.content)])),
    )
  })
  // An edit list would end it when the picture ends.
  bytes = rewritten(bytes, 'trak', (track) =>
    Buffer.concat(
      boxesOf(track).flatMap(({ type, content }) => (type === 'edts' ? [] : [box(type, content)])),
    ),
  )
  for (const [type, content] of Object.entries(tables)) bytes = rewritten(bytes, type, () => content)
  bytes = rewritten(bytes, 'ctts', () => words(0, 0))
  return Buffer.concat([bytes, box('free', Buffer.alloc(100_000))])
}

function tracks(mp4: Buffer, count: number): Buffer {
  return rewritten(mp4, 'moov', (moov) => {
    const all = boxesOf(moov).map(({ type, content }) => box(type, content))
    const track = box('trak', boxesOf(moov).find(({ type }) => type === 'trak')?.content ?? Buffer.alloc(0))
    return Buffer.concat([...all, ...Array<Buffer>(count).fill(track)])
  })
}

function nested(depth: number): Buffer {
  const heads = Array.from({ length: depth }, (_, index) => {
    const head = words(8 * (depth - index), 0)
    head.write('moov', 4, 'latin1')
    return head
  })
  return Buffer.concat(heads)
}

function lying(type: string, size: number): Buffer {
  const head = words(size, 0)
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, Buffer.alloc(100)])
}

/** A packet of a transport stream in which each packet belongs to a different stream. */
function packet(index: number): Buffer {
  const bytes = Buffer.alloc(188, 'text')
  bytes.writeUInt32BE(0x4740_0010 | ((index % 0x1fff) << 8))
  return bytes
}
