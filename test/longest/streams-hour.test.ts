/** An hour of film through one PUT, as fast as it goes: every picture arrives, and the receiver's memory stays flat. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { pictureHashes } from '../helpers/clips.ts'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { arrivedPictures } from '../helpers/streams/arrived.ts'
import { filmArgs, putByFfmpeg, sentAll, startSender } from '../helpers/streams/senders.ts'
import { useStreams } from '../helpers/streams/use-streams.ts'

const MINUTES = 60
const FLAT_MB = 20
const SAMPLE_MS = 500
/** Pieces of the usual length, and a spool that it fills. */
const used = useStreams({ env: { SLUICE_STREAMS_SECONDS: '4', SLUICE_STREAMS_SPOOL_LIMIT: '64MiB' } })
const ffmpeg = (await ffmpegBuilds())[0]?.ffmpegPath ?? 'ffmpeg'

function residentMb(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) / 1_000
}

it('an hour at full speed arrives whole, with flat memory', async () => {
  const film = { path: used.film.path, loops: MINUTES - 1 }
  const target = await used.http('hour')
  const pid = await used.receiverPid()
  const samples: number[] = []
  const timer = setInterval(() => samples.push(residentMb(pid)), SAMPLE_MS)
  const startedMs = performance.now()
  await sentAll(putByFfmpeg(ffmpeg, film, target))
  const seconds = (performance.now() - startedMs) / 1_000
  clearInterval(timer)
  const record = await used.record('hour')
  const quarter = Math.floor(samples.length / 4)
  const [second, last] = [
    Math.max(...samples.slice(quarter, 2 * quarter)),
    Math.max(...samples.slice(3 * quarter)),
  ]
  process.stderr.write(
    `an hour in ${seconds.toFixed(0)} s: ${record.totals.pieces} pieces, ${record.totals.bytes / 1e6} MB, ` +
      `RSS ${Math.min(...samples).toFixed(0)} to ${Math.max(...samples).toFixed(0)} MB, second quarter ${second.toFixed(0)}, last ${last.toFixed(0)}\n`,
  )
  expect(record).toMatchObject({ why: 'sender-finished', gaps: [], losses: [] })
  expect(last - second).toBeLessThan(FLAT_MB)

  // FFmpeg leaves out pictures where it starts the film again: the reference is what it writes into a file.
  const path = join(used.stack.dir, 'hour.ts')
  await startSender(ffmpeg, [...filmArgs(film), '-f', 'mpegts', path]).ended
  const expected = await pictureHashes(path)
  expect(expected.length).toBeGreaterThan(MINUTES * (used.film.pictures.length - 10))
  const arrived = await arrivedPictures(used.stack.storage, 'hour')
  const wrong = arrived.findIndex((hash, index) => hash !== expected[index])
  expect({ count: arrived.length, wrong }).toEqual({ count: expected.length, wrong: -1 })
})
