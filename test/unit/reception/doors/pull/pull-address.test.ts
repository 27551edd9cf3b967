import { describe, expect, it } from 'vitest'
import { readPullAddress } from '../../../../../runtime/reception/doors/pull/pull-address.ts'

function read(text: string) {
  const reading = readPullAddress(text)
  if (reading.kind === 'invalid') throw new Error(reading.why)
  return reading.address
}

describe('the address of a stream that is pulled', () => {
  it.each([
    { text: 'rtsp://camera.example/live', host: 'camera.example', port: 554, isProxied: false },
    { text: 'rtmp://camera.example:1936/live/x', host: 'camera.example', port: 1_936, isProxied: false },
    { text: 'srt://192.0.2.7:9000?passphrase=0123456789', host: '192.0.2.7', port: 9_000, isProxied: false },
    { text: 'http://camera.example/x.m3u8', host: 'camera.example', port: 80, isProxied: true },
    { text: 'https://[2001:db8::7]/x.m3u8', host: '2001:db8::7', port: 443, isProxied: true },
  ])('of $text connects to $host:$port', ({ text, host, port, isProxied }) => {
    expect(read(text)).toMatchObject({ host, port, isProxied, isTls: text.startsWith('https') })
  })

  it('is written with a number in the place of its host, and keeps all else', () => {
    expect(read('rtsp://me:p%40ss@camera.example/live?x=1').at('192.0.2.7')).toBe(
      'rtsp://me:p%40ss@192.0.2.7:554/live?x=1',
    )
    expect(read('rtmp://camera.example/live/x').at('2001:db8::7')).toBe('rtmp://[2001:db8::7]:1935/live/x')
  })

  it('is handed on as it was read, so that FFmpeg finds no other host in it', () => {
    expect(read('HTTP://Camera.Example\\@evil.example/a b#x').href).toBe(
      'http://camera.example/@evil.example/a%20b',
    )
    expect(read('rtsp://camera.example/a b').href).toBe('rtsp://camera.example/a%20b')
  })

  it('of SRT may say how a caller calls', () => {
    const { href } = read('srt://192.0.2.7:9000?mode=caller&streamid=x&latency=200000')
    expect(href).toContain('latency=200000')
  })

  it.each([
    'mode=listener',
    'mode=caller&mode=listener',
    'localaddr=10.0.0.1',
    'adapter=eth0',
    'm%6fde=rendezvous',
    'linger=1',
  ])('of SRT may not say %s', (query) => {
    const reading = readPullAddress(`srt://192.0.2.7:9000?passphrase=geheim-geheim&${query}`)
    expect(reading).toMatchObject({ kind: 'invalid', why: expect.stringMatching(/^its option "/) as string })
    expect(JSON.stringify(reading)).not.toContain('geheim')
  })

  it.each([
    '',
    'camera.example',
    'file:///etc/passwd',
    'ftp://camera.example/x',
    'srt://camera.example',
    'rtsp://',
  ])('is refused: %j', (text) => {
    expect(readPullAddress(text)).toMatchObject({ kind: 'invalid' })
  })
})
