import { describe, expect, it } from 'vitest'
import { lookAtFirstBytes } from '../../../../functions/reception/first-bytes.ts'

const box = (type: string, sizeBytes: number) => {
  const bytes = Buffer.alloc(sizeBytes, 1)
  bytes.writeUInt32BE(sizeBytes)
  bytes.write(type, 4, 'latin1')
  return bytes
}
const mp4 = (...boxes: readonly Buffer[]) => Buffer.concat([box('ftyp', 32), ...boxes])
const filled = (text: string) => Buffer.concat([Buffer.from(text), Buffer.alloc(5_000, 'x')])

describe('lookAtFirstBytes', () => {
  it('waits for enough bytes, unless no more will come', () => {
    expect(lookAtFirstBytes(Buffer.from('#EXTM3U\n'), false)).toEqual({ kind: 'undecided' })
    expect(lookAtFirstBytes(Buffer.from('#EXTM3U\n'), true)).toMatchObject({ kind: 'refused' })
    expect(lookAtFirstBytes(Buffer.alloc(0), true)).toEqual({ kind: 'refused', why: 'it is empty (0 bytes)' })
  })
  it.each([
    { head: filled('#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n'), why: /^it is an HLS playlist, not media$/ },
    { head: filled('RIFF\xff\xff\xff\xffAVI LIST'), why: /^it is (text|AVI)/ },
    {
      head: Buffer.concat([Buffer.from('RIFF\0\0\0\0AVI LIST', 'latin1'), Buffer.alloc(5_000)]),
      why: /^it is AVI, which is not received as a stream: send MPEG-TS, FLV/,
    },
    {
      head: Buffer.concat([Buffer.from('060e2b34020501010d0102', 'hex'), Buffer.alloc(5_000)]),
      why: /^it is MXF/,
    },
    { head: Buffer.alloc(5_000), why: /^it is only zeros, not media$/ },
  ])('refuses what cannot be a stream: $why', ({ head, why }) => {
    const found = lookAtFirstBytes(head, false)
    expect(found).toMatchObject({ kind: 'refused', why: expect.stringMatching(why) as string })
  })
  it('refuses an MP4 with its index at the end, before its media have arrived', () => {
    const head = mp4(box('free', 8), box('mdat', 1_000_000)).subarray(0, 6_000)
    expect(lookAtFirstBytes(head, false)).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining('index at the end') as string,
    })
  })
  it('waits for the whole index of an MP4 that has it in front', () => {
    const whole = mp4(box('moov', 20_000), box('mdat', 100))
    expect(lookAtFirstBytes(whole.subarray(0, 10_000), false)).toEqual({ kind: 'undecided' })
    expect(lookAtFirstBytes(whole.subarray(0, 20_050), false)).toEqual({ kind: 'plausible' })
    expect(lookAtFirstBytes(whole.subarray(0, 10_000), true)).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining('a large index') as string,
    })
  })
  it('is not led astray by lengths that lie', () => {
    for (const short of [0, 2, 7]) {
      const head = mp4(box('free', 5_000))
      head.writeUInt32BE(short, 32)
      expect(lookAtFirstBytes(head, false)).toEqual({ kind: 'undecided' })
    }
    const huge = mp4(box('free', 5_000))
    huge.writeUInt32BE(1, 32)
    huge.writeBigUInt64BE(2n ** 63n, 40)
    expect(lookAtFirstBytes(huge, true)).toEqual({ kind: 'plausible' })
  })
})
