/** MinIO or Redis is away while streams come: whoever can wait loses nothing, and whatever is lost is counted, in seconds, everywhere. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { SLUICE_PATH } from '../../infra/local/root.ts'
import { bytesIn } from '../helpers/bytes-in.ts'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { arrivedPieces } from '../helpers/streams/arrived.ts'
import { allOf, countOf } from '../helpers/streams/pictures.ts'
import { putByFfmpeg, rtmpByFfmpeg, sentAll } from '../helpers/streams/senders.ts'
import { useStreams } from '../helpers/streams/use-streams.ts'
import { waitFor } from '../helpers/wait.ts'

const MIB = 1024 * 1024
/** The least that may be set; a stream has a quarter of it, which is ten seconds of this film. */
const used = useStreams({
  env: { SLUICE_STREAMS_SPOOL_LIMIT: '16MiB', SLUICE_STREAMS_RECONNECT: '3s' },
  film: { seconds: 60, size: '640x360', kbitPerSecond: 3_000 },
})
const ffmpeg = (await ffmpegBuilds())[0]?.ffmpegPath ?? 'ffmpeg'

interface Shown {
  readonly numbers: { readonly droppedSeconds: number }
}

async function shown(name: string): Promise<Shown> {
  return (await used.api.ask<Shown>('GET', `/streams/${name}`)).body
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${used.stack.apiUrl}/metrics`)).text()
  const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))]
  return values.reduce((sum, [, value]) => sum + Number(value), 0)
}

/** What `sluice` prints as JSON. */
async function commandLine(...args: readonly string[]) {
  const { stdout } = await promisify(execFile)(process.execPath, [SLUICE_PATH, ...args], {
    env: { PATH: process.env['PATH'], SLUICE_API_URL: used.stack.apiUrl },
  })
  return JSON.parse(stdout) as { readonly history: readonly { readonly droppedSeconds: number }[] }
}

/** Of the files in the spool of a stream. */
async function spooledBytes(name: string): Promise<number> {
  const folder = join(used.stack.env['SLUICE_STREAMS_SPOOL_DIR'] ?? '', name)
  return bytesIn(folder)
}

describe('MinIO is killed', () => {
  it('when a sender by PUT comes at full speed: it waits, the spool stays small, every picture arrives', async () => {
    const target = await used.http('brake')
    used.stack.minio.kill('SIGKILL')
    const sender = putByFfmpeg(ffmpeg, { path: used.film.path }, target)
    let most = 0
    await waitFor(
      async () => {
        const before = most
        most = Math.max(most, await spooledBytes('brake'))
        return most > 4 * MIB && most === before
      },
      { timeoutMs: 30_000, intervalMs: 500, what: 'the spool to be full' },
    )
    await used.stack.minio.start()
    await sentAll(sender)
    expect(await used.record('brake')).toMatchObject({ why: 'sender-finished', gaps: [], losses: [] })
    expect(await used.compared('brake')).toEqual(allOf(1500))
    // A quarter of the limit, and three pieces.
    expect(most).toBeLessThan(4 * MIB + 3 * MIB)
  })

  it('while a camera sends by RTMP: the oldest are dropped in one hole, and counted to the picture', async () => {
    const droppedBefore = await metric('sluice_stream_dropped_seconds_total')
    const film = { path: used.film.path, isRealTime: true }
    const sender = rtmpByFfmpeg(ffmpeg, film, await used.rtmp('drop'))
    await used.hasPieces('drop', 2)
    used.stack.minio.kill('SIGKILL')
    await waitFor(async () => (await shown('drop')).numbers.droppedSeconds >= 8, {
      timeoutMs: 60_000,
      what: 'eight seconds to be dropped',
    })
    await used.stack.minio.start()
    await sentAll(sender)
    const record = await used.record('drop')
    const { lost, ...compared } = await used.compared('drop')
    expect(compared).toMatchObject({ unknown: 0, doubled: [], backwards: 0, span: { from: 0, to: 1499 } })
    expect(lost).toHaveLength(1)
    const lostSeconds = countOf(lost) / 25
    expect(record.totals.droppedSeconds).toBeCloseTo(lostSeconds, 1)
    expect(record.losses.reduce((sum, { seconds }) => sum + seconds, 0)).toBeCloseTo(lostSeconds, 1)
    expect(record.gaps).toMatchObject([{ reason: 'spool-full' }])
    expect(record.gaps[0]?.seconds).toBeCloseTo(lostSeconds, 1)
    const droppedAfter = await metric('sluice_stream_dropped_seconds_total')
    expect(droppedAfter - droppedBefore).toBeCloseTo(lostSeconds, 1)
    const { history } = await commandLine('streams', 'show', 'drop', '--json')
    expect(history[0]?.droppedSeconds).toBeCloseTo(lostSeconds, 1)
    const playlist = (await used.playlist('drop')) ?? ''
    expect(playlist.match(/#EXT-X-DISCONTINUITY\n/g)).toHaveLength(1)
  })
})

describe('Redis is killed', () => {
  it('while streams come: they continue, and every picture arrives', async () => {
    const film = { path: used.film.path, isRealTime: true, seconds: 30 }
    const senders = {
      'redis-http': putByFfmpeg(ffmpeg, film, await used.http('redis-http')),
      'redis-rtmp': rtmpByFfmpeg(ffmpeg, film, await used.rtmp('redis-rtmp')),
    }
    const names = Object.keys(senders)
    const counts = () =>
      Promise.all(names.map(async (name) => (await arrivedPieces(used.stack.storage, name)).length))
    for (const name of names) await used.hasPieces(name, 2)
    used.stack.redis.kill('SIGKILL')
    const before = await counts()
    await waitFor(async () => (await counts()).every((count, index) => count >= (before[index] ?? 0) + 4), {
      timeoutMs: 40_000,
      what: 'four more pieces of each stream without Redis',
    })
    await used.stack.redis.start()
    for (const [name, sender] of Object.entries(senders)) {
      await sentAll(sender)
      expect(await used.record(name)).toMatchObject({ gaps: [], losses: [] })
      const compared = await used.compared(name, 30)
      expect(compared).toMatchObject({ doubled: [], backwards: 0, span: { from: 0 } })
      // FFmpeg ends within a group of B-frames.
      expect(compared.lost.every(({ from }) => from > 30 * 25 - 5)).toBe(true)
    }
  })
})
