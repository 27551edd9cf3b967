/** The spool's disk is small or filled by others, while MinIO is away. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { otherRuntime, type OtherRuntime } from '../helpers/other-runtime.ts'
import { canMount, mountSmallDisk, type SmallDisk } from '../helpers/small-disk.ts'
import { allOf, countOf } from '../helpers/streams/pictures.ts'
import { putByFfmpeg, rtmpByFfmpeg, sentAll } from '../helpers/streams/senders.ts'
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

  it('that others fill: a camera loses its oldest pieces, and each lost second is counted', async () => {
    const film = { path: used.film.path, isRealTime: true, seconds: 40 }
    const sender = rtmpByFfmpeg(ffmpeg, film, await used.rtmp('full-rtmp'))
    await used.hasPieces('full-rtmp', 2)
    used.stack.minio.kill('SIGKILL')
    disk.fill()
    await waitFor(
      async () => {
        const { body } = await used.api.ask<{ numbers: { droppedSeconds: number } }>(
          'GET',
          '/streams/full-rtmp',
        )
        return body.numbers.droppedSeconds >= 2
      },
      { timeoutMs: 60_000, what: 'pieces to be dropped' },
    )
    disk.free()
    await used.stack.minio.start()
    await sender.ended
    const record = await used.record('full-rtmp')
    const compared = await used.compared('full-rtmp', 40)
    expect(compared).toMatchObject({ doubled: [], backwards: 0, span: { from: 0 } })
    const last = compared.span?.to ?? 0
    const lost = compared.lost.filter(({ to }) => to < last)
    expect(record.totals.gapSeconds).toBeCloseTo(countOf(lost) / 25, 0)
    expect(record.totals.droppedSeconds).toBeGreaterThan(0)
  })
})
