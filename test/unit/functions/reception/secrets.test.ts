import { describe, expect, it } from 'vitest'
import { secretsOf, withoutSecrets } from '../../../../functions/reception/secrets.ts'
import type { TakeInput } from '../../../../runtime/index.ts'

const hidden = (line: string, input: TakeInput = { door: 'http' }) => withoutSecrets(line, secretsOf(input))

describe("FFmpeg's lines", () => {
  it('show no password of a camera, as it is or decoded', () => {
    const input = {
      door: 'pull',
      url: 'rtsp://admin:p%40ss-word@10.0.0.7/cam?user=admin&pwd=geheim',
    } as const
    const line = `rtsp://admin:p%40ss-word@10.0.0.7/cam?user=admin&pwd=geheim: 401 p@ss-word geheim`
    expect(hidden(line, input)).toBe('rtsp://…@10.0.0.7/cam?… 401 … …')
  })
  it('show neither the passphrase of SRT nor the nonce of RTMP', () => {
    const srt = { door: 'srt', host: '0.0.0.0', port: 1, passphrase: 'correct horse', patienceMs: 1 } as const
    expect(hidden('bad passphrase correct horse', srt)).toBe('bad passphrase …')
    const rtmp = { door: 'rtmp', port: 1, nonce: '0123456789abcdef' } as const
    expect(hidden('rtmp://127.0.0.1:1/live/0123456789abcdef: error', rtmp)).toBe(
      'rtmp://127.0.0.1:1/live/…: error',
    )
  })
  it('show no stream key that a pulled address of RTMP ends with', () => {
    const input = { door: 'pull', url: 'rtmp://10.0.0.7/live/cam1-geheim' } as const
    expect(hidden('rtmp://10.0.0.7:1935/live/cam1-geheim: Unexpected stream cam1-geheim', input)).toBe(
      'rtmp://10.0.0.7:1935/live/…: Unexpected stream …',
    )
  })
  it('show no token of an address that a playlist named', () => {
    expect(hidden("Opening 'https://cdn.example/a.ts?token=abc&x=1' for reading")).toBe(
      "Opening 'https://cdn.example/a.ts?…' for reading",
    )
    expect(hidden('Unexpected stream cam1?key=SECRET, expecting x')).toBe(
      'Unexpected stream cam1?key=… expecting x',
    )
  })
  it('stay as they are otherwise, also where a short user name is a part of words', () => {
    const input = { door: 'pull', url: 'rtsp://a:b@10.0.0.7/' } as const
    expect(hidden('[h264 @ 0x1] a bad block', input)).toBe('[h264 @ 0x1] a bad block')
  })
})
