import { describe, expect, it } from 'vitest'
import { declaredTracks } from '../../../../../functions/media/bytes/mp4-source.ts'

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [place, value] of values.entries()) bytes.writeInt32BE(value | 0, place * 4)
  return bytes
}
function box(type: string, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  return Buffer.concat([words(content.length + 8), Buffer.from(type, 'latin1'), content])
}

interface Track {
  /** Of each, in ticks of a thousandth. */
  readonly lasts?: readonly (readonly [count: number, ticks: number])[]
  readonly delays?: readonly (readonly [count: number, ticks: number])[]
  readonly sizes?: readonly number[]
  /** In ticks of the movie, of a hundredth. */
  readonly edits?: readonly (readonly [lasts: number, from: number])[]
}

function file({ lasts = [[10, 40]], delays, sizes = Array<number>(10).fill(5), edits = [] }: Track) {
  const rows = (pairs: readonly (readonly [number, number])[]) => words(0, pairs.length, ...pairs.flat())
  const elst = words(0, edits.length, ...edits.flatMap(([length, from]) => [length, from, 0x10000]))
  const moov = box(
    'moov',
    box('mvhd', words(0, 0, 0, 100, 0, 0)),
    box(
      'trak',
      box('tkhd', words(0, 0, 0, 7, 0, 0)),
      box('edts', box('elst', elst)),
      box(
        'mdia',
        box('mdhd', words(0, 0, 0, 1_000, 0, 0)),
        box('hdlr', words(0, 0), Buffer.from('vide')),
        box(
          'minf',
          box(
            'stbl',
            box('stts', rows(lasts)),
            ...(delays ? [box('ctts', rows(delays))] : []),
            box('stsz', words(0, 0, sizes.length, ...sizes)),
          ),
        ),
      ),
    ),
  )
  return Buffer.concat([box('ftyp', words(0)), box('mdat', Buffer.alloc(50)), moov])
}

async function declaredIn(bytes: Buffer) {
  const read = (start: number, count: number) => Promise.resolve(bytes.subarray(start, start + count))
  const [only] = await declaredTracks(read, bytes.length)
  return only
}
const declared = (track: Track) => declaredIn(file(track))

describe('what an MP4 declares of a track', () => {
  it('is its number, its kind, its packets that are not empty, and how long they last', async () => {
    expect(await declared({ sizes: [5, 5, 0, 5, 5, 5, 5, 5, 5, 5] })).toEqual({
      trackId: 7,
      kind: 'video',
      packets: 9,
      mediaSeconds: 0.4,
      edits: 0,
      hiddenBefore: 0,
      hiddenAfter: 0,
    })
  })

  it('is what its edit shows, in the order of showing', async () => {
    const delays = [[10, 80]] as const
    expect(await declared({ delays, edits: [[40, 80]] })).toMatchObject({ hiddenBefore: 0, hiddenAfter: 0 })
    expect(await declared({ delays, edits: [[20, 80]] })).toMatchObject({ hiddenBefore: 0, hiddenAfter: 5 })
    expect(await declared({ delays, edits: [[20, 200]] })).toMatchObject({ hiddenBefore: 3, hiddenAfter: 2 })
  })

  it('shows a picture that begins right before the end of its edit, however coarse the clock of the file is', async () => {
    expect(await declared({ edits: [[36, 0]] })).toMatchObject({ hiddenAfter: 1 })
    expect(await declared({ edits: [[37, 0]] })).toMatchObject({ hiddenAfter: 0 })
  })

  it('does not count a wait as an edit, nor packets as hidden if there are several edits', async () => {
    expect(
      await declared({
        edits: [
          [50, -1],
          [40, 0],
        ],
      }),
    ).toMatchObject({ edits: 1, hiddenAfter: 0 })
    expect(
      await declared({
        edits: [
          [10, 0],
          [10, 200],
        ],
      }),
    ).toMatchObject({ edits: 2, hiddenAfter: 0 })
  })

  it('is known at once also when a row of its table claims 2^31 packets', async () => {
    expect(await declared({ lasts: [[0x7fff_ffff, 40]], edits: [[20, 0]] })).toMatchObject({ hiddenAfter: 5 })
  })

  it('is read of tables that leave open how long they are, as the last box may', async () => {
    const bytes = file({})
    bytes.writeUInt32BE(0, bytes.indexOf('moov') - 4)
    expect(await declaredIn(bytes)).toMatchObject({ packets: 10 })
  })

  it('is read from tables of up to 256 MiB, as for a chunk, and from no larger ones', async () => {
    const asked = async (moovBytes: number) => {
      const counts: number[] = []
      const head = Buffer.concat([words(moovBytes), Buffer.from('moov'), Buffer.alloc(8)])
      const read = (start: number, count: number) => {
        counts.push(count)
        return Promise.resolve(start === 0 ? head : Buffer.alloc(0))
      }
      await declaredTracks(read, 2 ** 30)
      return counts
    }
    expect(await asked(256 * 1024 ** 2)).toEqual([16, 256 * 1024 ** 2 - 8])
    expect(await asked(256 * 1024 ** 2 + 1)).toEqual([16])
  })

  it('is empty if there are no tables', async () => {
    const read = () => Promise.resolve(Buffer.alloc(0))
    expect(await declaredTracks(read, 1_000)).toEqual([])
  })
})

it('is nothing when the box of the tables is shorter than its own header', async () => {
  const moov = Buffer.concat([words(1), Buffer.from('moov'), words(0, 8)])
  const read = (start: number, count: number) => {
    if (count < 0) throw new RangeError('fewer than no bytes')
    return Promise.resolve(moov.subarray(start, start + count))
  }
  expect(await declaredTracks(read, moov.length)).toEqual([])
})
