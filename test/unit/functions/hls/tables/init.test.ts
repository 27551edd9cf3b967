import { describe, expect, it } from 'vitest'
import { readInit } from '../../../../../functions/hls/cut/moov.ts'
import { box, words } from '../../../../../functions/hls/tables/box.ts'
import { initOf } from '../../../../../functions/hls/tables/init.ts'
import type { TableTrack } from '../../../../../functions/hls/tables/track.ts'
import { boxes, find } from '../../../../../functions/media/bytes/mp4-boxes.ts'

const AVCC = box('avcC', Buffer.from([1, 0x64, 0, 0x1e]))

/** With a name of its encoder, as strangers write it. */
function pictureEntry(...inner: readonly Buffer[]): Buffer {
  const fields = Buffer.alloc(78)
  fields.writeUInt16BE(128, 24)
  fields.writeUInt16BE(72, 26)
  fields.write('of a stranger', 43, 'latin1')
  return Buffer.concat([fields, ...inner])
}

const picture = (content: Buffer, type = 'avc1'): TableTrack => ({
  kind: 'video',
  ticksPerSecond: 12_800,
  packets: 1,
  beginTicks: 0,
  hasEdit: false,
  sampleEntry: { type, content },
  shownSize: words(128 << 16, 72 << 16),
  samples: () => undefined,
})

describe('the beginning of a fragmented MP4', () => {
  it('describes one track as the segmenter reads it', () => {
    const init = initOf(picture(pictureEntry(AVCC))) ?? Buffer.alloc(0)
    const read = readInit(find(boxes(init), 'moov') ?? Buffer.alloc(0))
    expect(read).toMatchObject({
      kind: 'video',
      codec: 'avc1.64001E',
      ticksPerSecond: 12_800,
      width: 128,
      height: 72,
      edits: [{ lasts: 0, mediaTime: 0 }],
    })
  })

  it('keeps shape and colours, and nothing else that strangers wrote', () => {
    const pasp = box('pasp', words(4, 3))
    const colr = box('colr', Buffer.from('nclx\0\x01\0\x01\0\x01\0', 'latin1'))
    const profile = box('colr', Buffer.from('prof of a stranger'))
    const text = initOf(picture(pictureEntry(AVCC, pasp, colr, profile, box('uuid', Buffer.alloc(40)))))
    expect(text?.includes(pasp)).toBe(true)
    expect(text?.includes(colr)).toBe(true)
    expect(text?.toString('latin1')).not.toMatch(/stranger|uuid/)
  })

  it.each([
    ['without the parameters of its decoder', picture(pictureEntry())],
    ['of another codec', picture(pictureEntry(AVCC), 'hvc1')],
    ['that is torn', picture(Buffer.alloc(20))],
    ['of sound as QuickTime has it', { ...picture(quickTimeSound(), 'mp4a'), kind: 'audio' as const }],
  ])('is not written for a sample entry %s', (_, track) => {
    expect(initOf(track)).toBeUndefined()
  })
})

function quickTimeSound(): Buffer {
  const fields = Buffer.alloc(28)
  fields.writeUInt16BE(1, 8)
  return Buffer.concat([fields, Buffer.alloc(16), box('esds', Buffer.alloc(30))])
}
