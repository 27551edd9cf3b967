import { describe, expect, it } from 'vitest'
import { createLineSplitter, createToolLines } from '../../../../../functions/ffmpeg/words/lines.ts'

/** As the builds of 2018, 5.1 and 7.0 write it. */
const OLD = `[mov,mp4 @ 0x2d] [error] stream 0, partial file
[segment @ 0x3d] [verbose] segment:'chunk-00000.mp4' count:0 ended
[warning] DTS 17179867128, next:600000 st:0 invalid dropping
[verbose] Input file #0 (file:source):
[verbose]   Input stream #0:0 (video): 400 packets read (511933 bytes); 400 frames decoded; 
[verbose]   Input stream #0:1 (audio): 802 packets read (161530 bytes); 
[verbose]   Output stream #0:0 (video): 201 frames encoded; 202 packets muxed (760179 bytes); 
[verbose]   Output stream #0:1 (audio): 802 packets muxed (161530 bytes); 
`
const NEW = `[out#0/segment @ 0x2a] [verbose]   Output stream #0:0 (video): 201 frames encoded; 202 packets muxed (7 bytes); 
[out#0/segment @ 0x2a] [verbose]   Output stream #0:1 (audio): 751 frames encoded (768312 samples); 802 packets muxed (7 bytes); 
[in#0/matroska,webm @ 0x2b] [verbose]   Input stream #0:0 (video): 400 packets read (7 bytes); 400 frames decoded; 0 decode errors; 
[in#0/matroska,webm @ 0x2b] [verbose]   Input stream #0:1 (audio): 802 packets read (7 bytes); 800 frames decoded; 2 decode errors (768312 samples); 
`

describe('what FFmpeg says', () => {
  it('is a complaint when it is a warning or an error, without its level', () => {
    const heard: string[] = []
    const said = createToolLines((line) => heard.push(line))
    said.add(OLD)
    said.end()
    expect(heard).toEqual([
      '[mov,mp4 @ 0x2d] stream 0, partial file',
      'DTS 17179867128, next:600000 st:0 invalid dropping',
    ])
  })

  it('keeps lines without a level, such as those of the shell that starts it', () => {
    const heard: string[] = []
    const said = createToolLines((line) => heard.push(line))
    said.add('nice: cannot run: No such file')
    said.end()
    expect(heard).toEqual(['nice: cannot run: No such file'])
  })

  it('holds the counts of each stream, in pieces however they come', () => {
    const said = createToolLines(() => {})
    for (const character of OLD) said.add(character)
    expect([...(said.counts()?.read ?? [])]).toEqual([
      [0, { packets: 400, decoded: 400 }],
      [1, { packets: 802 }],
    ])
    expect([...(said.counts()?.muxed ?? [])]).toEqual([
      [0, { packets: 202, encoded: 201 }],
      [1, { packets: 802 }],
    ])
  })

  it('holds them in the words of newer builds as well', () => {
    const said = createToolLines(() => {})
    said.add(NEW)
    expect(said.counts()?.read.get(1)).toEqual({ packets: 802, decoded: 800 })
    expect(said.counts()?.muxed.get(1)).toEqual({ packets: 802, encoded: 751 })
  })

  it('tells by how much a stream went back at most, in the words of each build', () => {
    const said = createToolLines(() => {})
    said.add(
      '[segment @ 0x1b] [warning] Non-monotonous DTS in output stream 0:1; previous: 9, current: 9; changing to 10. This may\n',
    )
    said.add(
      '[segment @ 0x1b] [fatal] Non-monotonous DTS in output stream 0:1; previous: 8001, current: 0; aborting.\n',
    )
    said.add(
      '[vost#0:0/copy @ 0x1b] [warning] Non-monotonic DTS; previous: 101133, current: -755; changing to 7\n',
    )
    expect(said.backSteps()).toEqual([
      { place: 1, previous: 8001, current: 0 },
      { place: 0, previous: 101133, current: -755 },
    ])
  })

  it('has no counts when FFmpeg ended before it printed them', () => {
    const said = createToolLines(() => {})
    said.add('[error] No space left on device\n')
    expect(said.counts()).toBeUndefined()
  })
})

describe('createLineSplitter', () => {
  it('puts lines together that arrive in pieces, and hands on the rest at the end', () => {
    const lines: string[] = []
    const splitter = createLineSplitter((line) => lines.push(line))
    for (const piece of ['one\ntw', 'o\n', '\nthr', 'ee']) splitter.add(piece)
    expect(lines).toEqual(['one', 'two', ''])
    splitter.end()
    splitter.end()
    expect(lines).toEqual(['one', 'two', '', 'three'])
  })

  it('hands over a line without an end in pieces, and keeps nothing of them', () => {
    const lengths: number[] = []
    const splitter = createLineSplitter((line) => lengths.push(line.length))
    const piece = 'x'.repeat(1024 ** 2)
    for (let count = 0; count < 25; count++) splitter.add(piece)
    expect(lengths).toEqual([11 * 1024 ** 2, 11 * 1024 ** 2])
    splitter.end()
    expect(lengths.at(-1)).toBe(3 * 1024 ** 2)
  })
})
