import { describe, expect, it } from 'vitest'
import { takeArguments } from '../../../../functions/reception/take-arguments.ts'
import { inputOf } from '../../../../functions/reception/take-input.ts'
import type { PieceFormat, TakeInput } from '../../../../runtime/index.ts'

const HTTP: TakeInput = { door: 'http' }
const argumentsOf = (input: TakeInput, format: PieceFormat = 'mpegts', isRecent = true) =>
  takeArguments({ input: inputOf(input), format, pieceSeconds: 4, isRecent })
const after = (words: readonly string[], name: string) => words[words.indexOf(name) + 1]

describe('the arguments of a take', () => {
  it('cut pieces of MPEG-TS that are readable after a kill and share one timeline', () => {
    const words = argumentsOf(HTTP)
    expect(words.join(' ')).toContain('-segment_format mpegts -segment_format_options flush_packets=1 ')
    expect(words).not.toContain('-reset_timestamps')
    expect(words).not.toContain('-flush_packets')
    expect([after(words, '-segment_time'), words.at(-1)]).toEqual(['4', '%06d.ts'])
  })
  it('cut fragments of MP4 that keep their place on the timeline', () => {
    const words = argumentsOf(HTTP, 'fmp4')
    expect(after(words, '-segment_format_options')).toMatch(
      /^movflags=\+frag_keyframe\+empty_moov\S*\+frag_discont:frag_duration=500000:flush_packets=1:/,
    )
    expect(words.at(-1)).toBe('%06d.mp4')
  })
  it('give times to the first pictures of RTSP, where FFmpeg has a filter for it', () => {
    const rtsp = { door: 'pull', url: 'rtsp://192.0.2.7/live' } as const
    expect(after(argumentsOf(rtsp), '-bsf:v')).toMatch(/^setts=pts=if\(eq\(PTS\\,NOPTS\)/)
    for (const words of [argumentsOf(rtsp, 'mpegts', false), argumentsOf(HTTP)])
      expect(words).not.toContain('-bsf:v')
  })
  it('set every limit before the input, so that it counts for the input', () => {
    const words = argumentsOf(HTTP)
    for (const name of [
      '-max_alloc',
      '-protocol_whitelist',
      '-format_whitelist',
      '-codec_whitelist',
      '-max_pixels',
      '-max_streams',
      '-probesize',
    ]) {
      expect(words.slice(0, words.indexOf('-i'))).toContain(name)
    }
  })
})

describe('the input of a take', () => {
  it('over HTTP is its standard input, without any network', () => {
    expect(inputOf(HTTP)).toMatchObject({ words: ['-i', 'pipe:0'], protocols: 'pipe', isOffline: true })
  })
  it('over RTMP is a listener on loopback that expects a key which nobody knows', () => {
    const { words, protocols, formats, isOffline } = inputOf({ door: 'rtmp', port: 40_123, nonce: 'abcdef' })
    expect(words).toEqual(['-listen', '1', '-i', 'rtmp://127.0.0.1:40123/live/abcdef'])
    expect([protocols, formats, isOffline]).toEqual(['rtmp,tcp', 'flv,live_flv', false])
  })
  it('over SRT has its passphrase outside the address, which some characters would end', () => {
    const passphrase = 'a & b?c=d#%20'
    const { words } = inputOf({ door: 'srt', host: '::', port: 10_081, passphrase, patienceMs: 30_000 })
    const timeout = ['-timeout', '30000000']
    const rest = [...timeout, '-i', 'srt://[::]:10081']
    expect(words).toEqual(['-mode', 'listener', '-passphrase', passphrase, ...rest])
  })
  it.each([
    { url: 'rtsp://10.0.0.7:8554/cam', words: ['-rtsp_transport', 'tcp'], protocols: 'rtsp,rtp,udp,tcp' },
    { url: 'rtmp://10.0.0.7/live/x', words: [], protocols: 'rtmp,tcp' },
    { url: 'srt://10.0.0.7:9000', words: [], protocols: 'srt,udp' },
    {
      url: 'http://tv.example/live.m3u8',
      words: ['-http_proxy', 'http://127.0.0.1:3128'],
      protocols: 'http,httpproxy,tcp,crypto',
    },
    {
      url: 'https://tv.example/live.m3u8',
      words: ['-http_proxy', 'http://127.0.0.1:3128'],
      protocols: 'https,tls,http,httpproxy,tcp,crypto',
    },
  ])('is pulled from $url with the protocols of its scheme alone', ({ url, words, protocols }) => {
    const input = inputOf({ door: 'pull', url, proxyPort: 3_128 })
    expect(input.words).toEqual([...words, '-i', url])
    expect(input.protocols).toBe(protocols)
  })
  it('is never a local file, whatever the door', () => {
    for (const url of ['file:///etc/passwd', 'concat:a|b', 'unix:/run/redis.sock', 'udp://10.0.0.7:1'])
      expect(() => inputOf({ door: 'pull', url, proxyPort: 3_128 })).toThrow('are not pulled over')
    for (const input of [
      HTTP,
      { door: 'rtmp', port: 1, nonce: 'a' },
      { door: 'srt', host: '127.0.0.1', port: 1, passphrase: 'a', patienceMs: 1 },
    ] as const)
      expect(inputOf(input).protocols.split(',')).not.toContain('file')
  })
  it('is not pulled over http without the proxy that checks each host', () => {
    expect(() => inputOf({ door: 'pull', url: 'http://tv.example/x.ts' })).toThrow('through the proxy only')
  })
})
