/** Senders that are refused or cut: their key is wrong or revoked, they have no stream to send, or nothing at all. */
import { readFile } from 'node:fs/promises'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { makeClip } from '../helpers/clips.ts'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { arrivedPieces } from '../helpers/streams/arrived.ts'
import { curl } from '../helpers/streams/programs.ts'
import { feedFile, putByCurl, putByFfmpeg, rtmpByFfmpeg, sentAll } from '../helpers/streams/senders.ts'
import { useParts, useStreams } from '../helpers/streams/use-streams.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useStreams({ env: { SLUICE_STREAMS_STALL: '3s' } })
const curlPath = (await curl()) ?? 'curl'
const ffmpeg = (await ffmpegBuilds())[0]?.ffmpegPath ?? 'ffmpeg'
/** Of 20 s each. */
const part = useParts(used, 20, 40)

/** What a sender of `PUT` with this body is told: its status and the answer. */
async function put(name: string, body: string | Buffer, key?: string) {
  const target = key === undefined ? await used.http(name) : { ...(await used.http('x')), name, key }
  const sender = putByCurl(curlPath, target)
  sender.child.stdin?.end(body)
  const { said } = await sender.ended
  const [, text = '', status] = /^([^]*)\n(\d{3})$/.exec(said) ?? []
  return { status: Number(status), text }
}

describe.concurrent('a key', () => {
  it('that is wrong, of another stream, or expired is refused before the body is sent', async () => {
    const other = await used.key('other')
    const expired = await used.key('keys', '1s')
    await waitFor(async () => (await put('keys', 'x', expired.secret)).status === 401, {
      timeoutMs: 10_000,
      what: 'the key to expire',
    })
    for (const key of ['wrong', other.secret, expired.secret]) {
      const sender = putByCurl(
        curlPath,
        { ...(await used.http('keys')), key },
        {
          tells: '%{size_upload} %{http_code}',
        },
      )
      feedFile(sender, part(0).path)
      expect((await sender.ended).said).toMatch(/\n0 401$/)
    }
    expect(await arrivedPieces(used.stack.storage, 'keys')).toEqual([])
  })

  it('that is wrong is refused by RTMP, and nothing of it reaches the bucket', async () => {
    const target = { ...(await used.rtmp('rtmp-keys')), key: 'wrong' }
    const sender = rtmpByFfmpeg(ffmpeg, { path: part(0).path, isRealTime: true }, target)
    expect((await sender.ended).code).not.toBe(0)
    expect(await arrivedPieces(used.stack.storage, 'rtmp-keys')).toEqual([])
  })

  it.each(['http', 'rtmp'] as const)(
    'that is revoked cuts its live stream within 2 s, by %s',
    async (door) => {
      const name = `revoked-${door}`
      const { id, secret } = await used.key(name)
      const target = { ...(await used[door](name)), key: secret }
      const send = door === 'http' ? putByFfmpeg : rtmpByFfmpeg
      const sender = send(ffmpeg, { path: used.film.path, isRealTime: true }, target)
      await used.hasPieces(name, 1)
      expect((await used.api.ask('DELETE', `/streams/${name}/keys/${id}`)).status).toBeLessThan(300)
      let hasEnded = false
      void sender.ended.then(() => {
        hasEnded = true
      })
      await waitFor(async () => hasEnded, { timeoutMs: 2_500, what: `${name} to be cut` })
      expect(await used.record(name)).toMatchObject({ why: 'key-revoked' })
      expect(await used.compared(name)).toMatchObject({
        unknown: 0,
        doubled: [],
        backwards: 0,
        span: { from: 0 },
      })
    },
  )

  it('stays good when another of the same stream is revoked', async () => {
    const revoked = await used.key('two-keys')
    const target = await used.http('two-keys')
    const sender = putByFfmpeg(ffmpeg, { path: part(0).path }, target)
    await used.api.ask('DELETE', `/streams/two-keys/keys/${revoked.id}`)
    await sentAll(sender)
    await used.record('two-keys')
    expect(await used.compared('two-keys', 20)).toMatchObject({ count: 500, lost: [] })
  })
})

describe.concurrent('a body that is not a stream', () => {
  it.each([
    ['nothing', ''],
    ['text', 'this is not a film\n'.repeat(1_000)],
    ['random bytes', Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * index * 31) >> 5))],
    ['a playlist that names a local file', '#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n'],
    ['a list for the concat demuxer', "ffconcat version 1.0\nfile '/etc/passwd'\n"],
  ])('of %s is refused with 415, and leaves nothing behind', async (what, body) => {
    const name = `not-${what.replaceAll(' ', '-')}`.slice(0, 60)
    const { status, text } = await put(name, body)
    expect({ status, text }).toMatchObject({
      status: 415,
      text: expect.stringMatching(/"detail":".{10,}"/) as string,
    })
    expect(text).not.toContain('root:')
    expect(await arrivedPieces(used.stack.storage, name)).toEqual([])
  })

  it('since its index is at the end is refused with a hint, as an MP4', async () => {
    const { status, text } = await put(
      'mp4',
      await readFile(await makeClip(used.stack.dir, 'moov-at-end.mp4')),
    )
    expect(status).toBe(415)
    expect(text).toMatch(/"detail":".*index/)
  })
})

it.concurrent.each(['Upper', 'a%20b', '-dash', '..', 'a'.repeat(65)])(
  'the name %j is refused',
  async (name) => {
    const { status, text } = await put(name, 'x', 'any')
    expect([400, 404]).toContain(status)
    expect(text).toMatch(/detail/)
  },
)

describe.concurrent('somebody who connects and says nothing', () => {
  it('to the RTMP port is cut, and does not hinder others', async () => {
    const target = await used.rtmp('beside')
    const silent = Array.from({ length: 4 }, () => connect(target.port, '127.0.0.1'))
    const closed = silent.map(async (socket) => {
      socket.on('error', () => undefined)
      socket.resume()
      await once(socket, 'close')
    })
    expect((await rtmpByFfmpeg(ffmpeg, { path: part(0).path }, target).ended).code).toBe(0)
    await used.record('beside')
    expect(await used.compared('beside', 20)).toMatchObject({ count: 500, lost: [] })
    await Promise.all(closed)
  })

  it('by PUT gets 408', async () => {
    const { port, key, name } = await used.http('silent')
    const request = httpRequest({
      host: '127.0.0.1',
      port,
      method: 'PUT',
      path: `/v1/streams/${name}`,
      headers: { authorization: `Bearer ${key}`, 'transfer-encoding': 'chunked' },
    })
    request.on('error', () => undefined).flushHeaders()
    const [answer] = (await once(request, 'response')) as [IncomingMessage]
    request.destroy()
    expect(answer.statusCode).toBe(408)
    expect(await arrivedPieces(used.stack.storage, 'silent')).toEqual([])
  })
})
