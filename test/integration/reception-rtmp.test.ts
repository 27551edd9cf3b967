/** The RTMP door of a receiver: real senders, and clients that are none. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { findBinaries } from '../../functions/ffmpeg/build/binaries.ts'
import { arrivedPictures, sessionsOf } from '../helpers/streams/arrived.ts'
import { allOf, comparePictures } from '../helpers/streams/pictures.ts'
import { useReceiver } from '../helpers/streams/receiver.ts'
import { endSenders, rtmpByFfmpeg, rtmpUrl, startSender } from '../helpers/streams/senders.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useReceiver({ SLUICE_STREAMS_RECONNECT: '2s' })
const { ffmpegPath } = await findBinaries(process.env)
afterEach(endSenders)

const target = (name: string, key = used.secret) => ({ name, key, port: used.rtmpPort })

it('stores every picture, from the first one', async () => {
  const sender = rtmpByFfmpeg(ffmpegPath, used.film, target('whole'))
  expect(await sender.ended).toMatchObject({ code: 0 })
  await used.ended('whole')
  const compared = comparePictures(used.film.pictures, await arrivedPictures(used.stack.storage, 'whole'))
  expect(compared).toEqual(allOf(used.film.pictures.length))
})

it.each([
  { what: 'a wrong key', key: 'wrong', name: 'refused' },
  { what: 'a bad name', key: 'wrong', name: 'Refused!' },
])('closes the connection of $what, and writes nothing', async ({ name, key }) => {
  const sender = rtmpByFfmpeg(ffmpegPath, { ...used.film, isRealTime: true }, target(name, key))
  expect((await sender.ended).code).not.toBe(0)
  expect(await used.keysOf('refused')).toEqual([])
})

it('is rid of clients that send garbage or nothing, and receives the next sender', async () => {
  const clients: Socket[] = []
  for (let n = 0; n < 6; n++) {
    const socket = connect(used.rtmpPort, '127.0.0.1')
    socket.on('error', () => undefined).resume()
    clients.push(socket)
    await once(socket, 'connect')
    if (n % 2 === 0) socket.write(Buffer.alloc(4_000, 'GET / HTTP/1.1\r\n'))
  }
  await Promise.all(
    clients.map(async (socket) => {
      if (!socket.closed) await once(socket, 'close')
    }),
  )
  const sender = rtmpByFfmpeg(ffmpegPath, used.film, target('next'))
  expect(await sender.ended).toMatchObject({ code: 0 })
  await used.ended('next')
  expect((await arrivedPictures(used.stack.storage, 'next')).length).toBe(used.film.pictures.length)
})

it('lets a new sender take over: the old one is cut, and the session has two takes', async () => {
  const first = rtmpByFfmpeg(ffmpegPath, { ...used.film, isRealTime: true }, target('taken'))
  await used.isLive('taken')
  const second = rtmpByFfmpeg(ffmpegPath, used.film, target('taken'))
  expect((await first.ended).code).not.toBe(0)
  expect(await second.ended).toMatchObject({ code: 0 })
  await used.ended('taken')
  expect(await sessionsOf(used.stack.storage, 'taken')).toHaveLength(1)
  const keys = await used.keysOf('taken')
  expect(keys.filter((key) => /\/002-\d{6}\.ts$/.test(key))).toHaveLength(used.film.seconds / 2)
})

it('does not let a sender take over whose codec it cannot receive', async () => {
  const first = rtmpByFfmpeg(ffmpegPath, { ...used.film, isRealTime: true }, target('kept'))
  await used.isLive('kept')
  const words =
    '-hide_banner -nostdin -loglevel error -re -f lavfi -i color=size=64x64:rate=10 -t 30 -c:v flv -f flv'
  const second = startSender(ffmpegPath, [...words.split(' '), rtmpUrl(target('kept'))])
  expect((await second.ended).code).not.toBe(0)
  expect(await first.ended).toMatchObject({ code: 0 })
  await used.ended('kept')
  expect((await used.store.read('kept'))?.takes).toMatchObject([{ take: 1, end: 'sender-lost' }])
  const compared = comparePictures(used.film.pictures, await arrivedPictures(used.stack.storage, 'kept'))
  expect(compared).toEqual(allOf(used.film.pictures.length))
})

it('cuts a sender whose stream is stopped', async () => {
  const sender = rtmpByFfmpeg(ffmpegPath, { ...used.film, isRealTime: true }, target('stopped'))
  await used.isLive('stopped')
  await waitFor(async () => (await used.keysOf('stopped')).length > 0, { timeoutMs: 60_000, what: 'a piece' })
  await used.store.requestStop('stopped')
  expect((await sender.ended).code).not.toBe(0)
  await used.ended('stopped')
  expect((await used.store.read('stopped'))?.summary).toMatchObject({ why: 'stopped' })
})
