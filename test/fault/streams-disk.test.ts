/** The spool's disk is small or filled by others, while MinIO is away. */
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { otherRuntime, type OtherRuntime } from '../helpers/other-runtime.ts'
import { canMount, mountSmallDisk, type SmallDisk } from '../helpers/small-disk.ts'
import { startNearReceiver, type NearReceiver } from '../helpers/streams/near-receiver.ts'
import { allOf } from '../helpers/streams/pictures.ts'
import { putByFfmpeg, sentAll } from '../helpers/streams/senders.ts'
import { receives, useStreams } from '../helpers/streams/use-streams.ts'
import { waitFor } from '../helpers/wait.ts'

const MIB = 1024 * 1024
const PIECE_SECONDS = 2
/** Less than a piece of the film. */
const LAST_BYTES = 200_000
const used = useStreams({
  env: { SLUICE_STREAMS_RECONNECT: '3s', SLUICE_STREAMS_SECONDS: `${PIECE_SECONDS}` },
  film: { seconds: 60, size: '640x360', kbitPerSecond: 3_000 },
})
const ffmpeg = (await ffmpegBuilds())[0]?.ffmpegPath ?? 'ffmpeg'

describe.runIf(canMount())('a spool on a disk of 20 MB', () => {
  let disk: SmallDisk
  let runtime: OtherRuntime

  beforeAll(async () => {
    await used.stack.runtime.stop()
    disk = mountSmallDisk(20)
    runtime = otherRuntime(used.stack, { SLUICE_STREAMS_SPOOL_DIR: disk.path })
    await runtime.start()
    await receives(Number(used.stack.env['SLUICE_STREAMS_PORT']))
  })
  afterAll(async () => {
    await runtime?.stop()
    disk?.remove()
    await used.stack.runtime.start()
  })

  it('holds a sender by PUT that is faster than the disk is large: every picture arrives', async () => {
    const target = await used.http('full-http')
    used.stack.minio.kill('SIGKILL')
    const sender = putByFfmpeg(ffmpeg, { path: used.film.path }, target)
    await waitFor(async () => disk.freeBytes() < 2 * MIB, { timeoutMs: 60_000, what: 'the disk to be full' })
    await used.stack.minio.start()
    await sentAll(sender)
    expect(await used.record('full-http')).toMatchObject({ why: 'sender-finished', gaps: [], losses: [] })
    expect(await used.compared('full-http')).toEqual(allOf(1500))
  })
})

describe.runIf(canMount())('a spool on a disk that others fill between two looks at it', () => {
  let disk: SmallDisk
  let receiver: NearReceiver

  beforeAll(async () => {
    // The whole film has room: what is full is what others fill.
    disk = mountSmallDisk(64)
    // As the last look saw it: with the next one a sender by PUT would be held, and lose nothing.
    receiver = await startNearReceiver(used.stack, disk.path, () =>
      Promise.resolve({ freeBytes: 60 * MIB, sizeBytes: 64 * MIB }),
    )
  })
  afterAll(async () => {
    await receiver?.stop()
    disk?.remove()
  })

  it('tells a sender by PUT so, whose last piece is torn, though its body is complete', async () => {
    const { name, key } = await used.http('torn-http')
    const film = await readFile(used.film.path)
    const sent = request(`http://127.0.0.1:${receiver.port}/v1/streams/${name}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${key}` },
    })
    const answer = once(sent, 'response') as Promise<[IncomingMessage]>
    sent.write(film.subarray(0, -LAST_BYTES))
    // All before it are in the bucket, and nobody frees room by their removal any more.
    const last = `${used.film.seconds / PIECE_SECONDS - 1}`.padStart(6, '0')
    await waitFor(
      async () => {
        const files = (await readdir(disk.path, { recursive: true })).filter((path) => path.endsWith('.ts'))
        return files.length === 1 && files[0]?.endsWith(`/${last}.ts`)
      },
      { timeoutMs: 60_000, what: 'the last piece to be open, and the only one' },
    )
    disk.fill()
    sent.end(film.subarray(-LAST_BYTES))
    const [response] = await answer
    expect([response.statusCode, JSON.parse(await text(response))]).toMatchObject([507, { reason: 'disk' }])
    disk.free()
    expect(await used.record(name)).not.toMatchObject({ why: 'sender-finished' })
  })
})
