/** The spool's disk is small or filled by others, while MinIO is away. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { otherRuntime, type OtherRuntime } from '../helpers/other-runtime.ts'
import { canMount, mountSmallDisk, type SmallDisk } from '../helpers/small-disk.ts'
import { allOf } from '../helpers/streams/pictures.ts'
import { putByFfmpeg, sentAll } from '../helpers/streams/senders.ts'
import { receives, useStreams } from '../helpers/streams/use-streams.ts'
import { waitFor } from '../helpers/wait.ts'

const MIB = 1024 * 1024
const used = useStreams({
  env: { SLUICE_STREAMS_RECONNECT: '3s' },
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
