/** Senders as they are: they die, come back, stand still, are slow, or come twice. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { sessionsOf } from '../helpers/streams/arrived.ts'
import { allOf, countOf, lostTail } from '../helpers/streams/pictures.ts'
import { curl } from '../helpers/streams/programs.ts'
import { feedFile, putByCurl, putByFfmpeg, rtmpByFfmpeg } from '../helpers/streams/senders.ts'
import { useParts, useStreams } from '../helpers/streams/use-streams.ts'

const STALL_MS = 3_000
const used = useStreams({ env: { SLUICE_STREAMS_STALL: '3s' } })
const curlPath = (await curl()) ?? 'curl'
const ffmpeg = (await ffmpegBuilds())[0]?.ffmpegPath ?? 'ffmpeg'
/** Of 20 s each. */
const part = useParts(used, 20, 40)

describe.concurrent('a sender whose connection breaks', () => {
  it('comes back into the same session: another take, a discontinuity, nothing of both lost', async () => {
    const target = await used.rtmp('again')
    const first = rtmpByFfmpeg(ffmpeg, { path: part(0).path, isRealTime: true }, target)
    await used.hasPieces('again', 2)
    await first.die()
    await used.isState('again', 'waiting')
    await rtmpByFfmpeg(ffmpeg, { path: part(1).path }, target).ended
    const record = await used.record('again')
    expect(await sessionsOf(used.stack.storage, 'again')).toHaveLength(1)
    expect(record.takes.map(({ take }) => take)).toEqual([1, 2])
    const playlist = (await used.playlist('again')) ?? ''
    expect(playlist.match(/#EXT-X-DISCONTINUITY\n/g)).toHaveLength(1)
    expect(playlist).toContain('#EXT-X-ENDLIST')
    // All that the first had sent until it died, and all of the second.
    const { lost, ...compared } = await used.compared('again', 40)
    expect(compared).toMatchObject({ unknown: 0, doubled: [], backwards: 0, span: { from: 0, to: 999 } })
    expect(lostTail(lost, part(1).from - 1)).toBeGreaterThan(2 * 2 * 25)
  })

  it('and does not come back has a record: the session says that its sender was lost', async () => {
    const sender = putByFfmpeg(ffmpeg, { path: part(0).path, isRealTime: true }, await used.http('gone'))
    await used.hasPieces('gone', 1)
    await sender.die()
    const record = await used.record('gone')
    expect(record.why).toBe('sender-lost')
    const { lost, ...compared } = await used.compared('gone', 20)
    expect(compared).toMatchObject({ unknown: 0, doubled: [], backwards: 0, span: { from: 0 } })
    expect(lostTail(lost, 499)).toBeGreaterThan(0)
  })

  it('stands still for a while and continues: nothing is lost, by PUT and by RTMP', async () => {
    const film = { path: part(0).path, isRealTime: true }
    const senders = [
      putByFfmpeg(ffmpeg, film, await used.http('still-http')),
      rtmpByFfmpeg(ffmpeg, film, await used.rtmp('still-rtmp')),
    ]
    await Promise.all([used.hasPieces('still-http', 2), used.hasPieces('still-rtmp', 2)])
    for (const sender of senders) sender.stall()
    // The length of the hiccup; nothing is awaited by it.
    await pause(STALL_MS / 2)
    for (const sender of senders) sender.resume()
    await Promise.all(senders.map(({ ended }) => ended))
    for (const name of ['still-http', 'still-rtmp']) {
      await used.record(name)
      expect(await used.compared(name, 20)).toMatchObject({
        lost: [],
        unknown: 0,
        doubled: [],
        backwards: 0,
      })
    }
  })

  it('stands still for too long is cut, and its session waits, then ends', async () => {
    const senders = [
      putByFfmpeg(ffmpeg, { path: part(0).path, isRealTime: true }, await used.http('mute-http')),
      rtmpByFfmpeg(ffmpeg, { path: part(0).path, isRealTime: true }, await used.rtmp('mute-rtmp')),
    ]
    await Promise.all([used.hasPieces('mute-http', 1), used.hasPieces('mute-rtmp', 1)])
    for (const sender of senders) sender.stall()
    for (const name of ['mute-http', 'mute-rtmp']) {
      const record = await used.record(name)
      expect(record.why).toBe('sender-lost')
      expect(await used.compared(name, 20)).toMatchObject({ unknown: 0, doubled: [], backwards: 0 })
    }
  })
})

describe.concurrent('two senders of one name', () => {
  it('by PUT: the second is refused, and the first loses nothing', async () => {
    const target = await used.http('twice')
    const first = putByFfmpeg(ffmpeg, { path: part(0).path, isRealTime: true }, target)
    await used.isState('twice', 'live')
    const second = putByCurl(curlPath, target)
    feedFile(second, part(1).path)
    const { said } = await second.ended
    expect(said).toMatch(/\n409$/)
    expect(said).toContain('127.0.0.1')
    expect((await first.ended).code).toBe(0)
    const record = await used.record('twice')
    expect(record).toMatchObject({ why: 'sender-finished', gaps: [] })
    expect(await used.compared('twice', 20)).toMatchObject({ count: 500, lost: [] })
  })

  it('by RTMP: the second takes over, in the same session', async () => {
    const target = await used.rtmp('over')
    const first = rtmpByFfmpeg(ffmpeg, { path: part(0).path, isRealTime: true }, target)
    await used.hasPieces('over', 1)
    const second = rtmpByFfmpeg(ffmpeg, { path: part(2).path }, target)
    await Promise.all([first.ended, second.ended])
    const record = await used.record('over')
    expect(record.takes).toHaveLength(2)
    const { lost, ...compared } = await used.compared('over')
    expect(compared).toMatchObject({ unknown: 0, doubled: [], backwards: 0, span: { from: 0, to: 1499 } })
    expect(lostTail(lost, part(2).from - 1)).toBeGreaterThan(0)
  })
})

it('a sender that is slower than five minutes would be is never told 408: only its silence counts', async () => {
  const sender = putByCurl(curlPath, await used.http('slow'))
  // Two seconds between two bits of it: each well within the limit of silence, all together beyond it.
  const whole = await readFile(part(0).path)
  const step = Math.ceil(whole.length / 4)
  for (let at = 0; at < whole.length; at += step) {
    sender.child.stdin?.write(whole.subarray(at, at + step))
    await pause(STALL_MS * 0.6)
  }
  sender.child.stdin?.end()
  expect((await sender.ended).said).toMatch(/\n201$/)
  expect(countOf((await used.compared('slow', 20)).lost)).toBe(0)
})

it('a sender that leaves when it has sent its last byte loses nothing, though nobody has read it yet', async () => {
  const { name, key, port } = await used.http('leaves')
  const film = await readFile(used.film.path)
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined).resume()
  socket.write(`PUT /v1/streams/${name} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\n`)
  socket.write(`transfer-encoding: chunked\r\n\r\n${film.length.toString(16)}\r\n`)
  socket.write(film)
  socket.write('\r\n0\r\n\r\n', () => socket.destroy())
  await once(socket, 'close')
  expect(await used.record(name)).toMatchObject({ why: 'sender-finished', gaps: [] })
  expect(await used.compared(name)).toEqual(allOf(1500))
})
