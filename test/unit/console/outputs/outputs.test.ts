import { describe, expect, it } from 'vitest'
import type { Output } from '../../../../runtime/api/results/outputs.ts'
import { aidsOf, shownOf } from '../../../../runtime/console/outputs/kinds.ts'
import { FUNCTION, RUN } from '../../api/examples.ts'
import { createTestConsole, htmlOf } from '../test-console.ts'

const outputOf = (name: string, role: string, contentType: string, more: Partial<Output> = {}): Output => ({
  bucket: 'processed',
  key: `a.mp4/f/~1/${name}`,
  role,
  contentType,
  bytes: 10,
  sha256: 'a'.repeat(64),
  href: `/v1/files/processed/a.mp4/f/~1/${name}`,
  ...more,
})
const chunk = (index: number) =>
  outputOf(`${index}.mp4`, 'chunk', 'video/mp4', { index, startSeconds: index * 5, durationSeconds: 5 })
const HLS = [
  outputOf('v/seg-0.m4s', 'segment', 'video/mp4', { index: 0, durationSeconds: 6 }),
  outputOf('v/init.mp4', 'init', 'video/mp4'),
  outputOf('v/index.m3u8', 'playlist', 'application/vnd.apple.mpegurl'),
  outputOf('master.m3u8', 'master', 'application/vnd.apple.mpegurl'),
]

describe('the files of a result', () => {
  it('that were cut are one film, in order, on one line of time', () => {
    const { sequences, films } = shownOf([chunk(1), chunk(0)])
    expect(films).toEqual([])
    expect(sequences).toMatchObject([
      [
        { output: { index: 0 }, startSeconds: 0 },
        { output: { index: 1 }, startSeconds: 5, durationSeconds: 5 },
      ],
    ])
  })

  it('of HLS are one player: their segments are played through the playlist', () => {
    const { playlist, sequences, films } = shownOf(HLS)
    expect(playlist?.role).toBe('master')
    expect([sequences, films]).toEqual([[], []])
  })

  it('are films, sounds with their waveform, and pictures, whatever function made them', () => {
    const shown = shownOf([
      outputOf('video.mp4', 'anything', 'video/mp4'),
      outputOf('audio.m4a', 'audio', 'audio/mp4'),
      outputOf('waveform.png', 'waveform', 'image/png'),
      outputOf('poster.jpg', 'poster', 'image/jpeg'),
      outputOf('probe.json', 'probe', 'application/json'),
    ])
    expect(shown.films.map(({ role }) => role)).toEqual(['anything'])
    expect(shown.sounds.map(({ role }) => role)).toEqual(['audio'])
    expect(shown.waves.map(({ role }) => role)).toEqual(['waveform'])
    expect(shown.pictures.map(({ role }) => role)).toEqual(['poster'])
  })

  it('of other functions help the players of an object: its poster, its sprites, its captions', () => {
    const aids = aidsOf([
      chunk(0),
      outputOf('poster.jpg', 'poster', 'image/jpeg'),
      outputOf('thumbnails.vtt', 'thumbnails', 'text/vtt'),
      outputOf('en.vtt', 'captions', 'text/vtt', { language: 'en' }),
    ])
    expect([aids.poster?.role, aids.thumbnails?.role, aids.captions.length]).toEqual([
      'poster',
      'thumbnails',
      1,
    ])
  })
})

describe('the page of a run', () => {
  const pageOf = (outputs: readonly Output[], base = '') =>
    htmlOf(
      createTestConsole(
        {
          runs: {
            get: () =>
              Promise.resolve({
                ...RUN,
                status: 'succeeded',
                outputs: [...outputs],
                outputCount: outputs.length,
              }),
          },
          functions: { get: () => Promise.resolve(FUNCTION) },
        },
        { base },
      ).app,
      `/runs/${RUN.id}`,
    )

  it('plays its chunks one after another, and has each to be saved', async () => {
    const html = await pageOf([chunk(0), chunk(1)], '/sluice')
    const [, list = ''] = /data-player="([^"]*)"/.exec(html) ?? []
    expect(JSON.parse(list.replaceAll('&quot;', '"'))).toEqual([
      { src: '/sluice/v1/files/processed/a.mp4/f/~1/0.mp4', start: 0, duration: 5 },
      { src: '/sluice/v1/files/processed/a.mp4/f/~1/1.mp4', start: 5, duration: 5 },
    ])
    expect(html).toContain('href="/sluice/v1/files/processed/a.mp4/f/~1/1.mp4?download"')
    expect(html).toContain('chunk <b>1</b> of 2')
  })

  it('plays its playlist, its film and its sound, and shows its pictures', async () => {
    const html = await pageOf([
      ...HLS,
      outputOf('video.mp4', 'video', 'video/mp4'),
      outputOf('audio.m4a', 'audio', 'audio/mp4'),
      outputOf('poster.jpg', 'poster', 'image/jpeg'),
    ])
    expect(html).toContain('data-hls="/v1/files/processed/a.mp4/f/~1/master.m3u8"')
    expect(html).toMatch(/<video src="[^"]*video\.mp4"/)
    expect(html).toMatch(/<audio src="[^"]*audio\.m4a"/)
    expect(html).toMatch(/<img src="[^"]*poster\.jpg" alt="poster: poster\.jpg" loading="lazy"/)
  })

  it('shows the names of strangers as text', async () => {
    const hostile = outputOf('"><img src=x onerror=alert(1)>\u202e.mp4', '<b>', 'video/mp4')
    const html = await pageOf([hostile])
    expect(html).not.toContain('<img src=x')
    expect(html.replaceAll(/"[^"]*"/g, '""')).not.toMatch(/<[^>]+ (?:on\w+|style)=|\u202e/)
  })

  it('does not hold more rows than anybody reads', async () => {
    const html = await pageOf(Array.from({ length: 900 }, (_, index) => chunk(index)))
    expect(html.match(/<tr>/g)).toHaveLength(201)
    expect(html).toContain('And 700 more')
  })
})
