/**
 * Streams: the CPU time that reception adds to FFmpeg's own (`streams`), the time from a piece that is closed to the manifest of
 * a function (`streams-delay`), and an hour through one PUT (`streams-hour`).
 * @module
 */
import { execFile } from 'node:child_process'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findBinaries } from '../../functions/ffmpeg/build/binaries.ts'
import { ROLES } from '../../runtime/settings/values.ts'
import { createApiClient } from '../helpers/api.ts'
import { startTestStack, type TestStack } from '../helpers/stack.ts'
import { filmArgs, putByFfmpeg, startSender, type Film, type Target } from '../helpers/streams/senders.ts'
import { makeReference } from '../helpers/streams/reference.ts'
import { waitFor } from '../helpers/wait.ts'
import type { Measurement } from './run.ts'
import { median, quantile, round, say } from './statistics.ts'

const run = promisify(execFile)

const TICKS_PER_SECOND = 100
const CPU_LIMIT = 3
const DELAY_LIMIT_MS = 150
/** The first ones warm up and do not count. */
const WARM_UP = 3
const HOUR_LOOPS = 59

interface Bench {
  readonly stack: TestStack
  readonly ffmpeg: string
  readonly filmPath: string
  readonly target: (name: string) => Promise<Target>
  readonly receiverPid: () => Promise<number>
}

async function withStreams<T>(
  kbitPerSecond: number,
  env: Readonly<Record<string, string>>,
  measure: (bench: Bench) => Promise<T>,
): Promise<T> {
  const stack = await startTestStack({
    env: {
      SLUICE_ROLES: ROLES.join(','),
      SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, '..', 'helpers', 'streams', 'functions.ts'),
      SLUICE_LOG_LEVEL: 'warn',
      ...env,
    },
  })
  try {
    const { ffmpegPath } = await findBinaries(process.env)
    const { path } = await makeReference(stack.dir, 60, { size: '640x360', kbitPerSecond })
    const api = createApiClient(() => stack)
    const port = Number(stack.env['SLUICE_STREAMS_PORT'])
    say(
      `load ${loadavg()
        .map((each) => each.toFixed(1))
        .join(', ')}; FFmpeg ${ffmpegPath}`,
    )
    return await measure({
      stack,
      ffmpeg: ffmpegPath,
      filmPath: path,
      target: async (name) => {
        const { body } = await api.ask<{ secret: string }>('POST', `/streams/${name}/keys`, {})
        return { name, key: body.secret, port }
      },
      receiverPid: () =>
        waitFor(async () => (await stack.childPids('receive'))[0], { timeoutMs: 30_000, what: 'a receiver' }),
    })
  } finally {
    await stack.stop()
  }
}

/** In seconds: its own, and that of its children that have ended. */
async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND
}

/** Ours: the receiver with its FFmpegs; the peer: as many FFmpegs that cut the same, from the same pipe, to the same disk. */
export async function measureStreams(size = '10'): Promise<Measurement> {
  const count = Number(size)
  return withStreams(4_000, {}, async (bench) => {
    const { stack, ffmpeg, filmPath } = bench
    const film: Film = { path: filmPath, isRealTime: true }
    const names = Array.from({ length: count }, (_, index) => `bench-${index}`)
    const targets = await Promise.all(names.map((name) => bench.target(name)))
    // One alone before: modules are loaded, code is compiled.
    await putByFfmpeg(ffmpeg, { path: filmPath }, await bench.target('warm-up')).ended
    const pid = await bench.receiverPid()
    const minioPid = stack.minio.pid ?? 0
    const before = { receiver: await cpuSeconds(pid), minio: await cpuSeconds(minioPid) }
    const ends = await Promise.all(targets.map((target) => putByFfmpeg(ffmpeg, film, target).ended))
    const failed = ends.find(({ code }) => code !== 0)
    if (failed) throw new Error(`a sender failed: ${failed.said}`)
    const ours = ((await cpuSeconds(pid)) - before.receiver) / count
    const minio = ((await cpuSeconds(minioPid)) - before.minio) / count
    const peers = await Promise.all(names.map((name) => cutAlone(bench, film, join(stack.dir, 'peer', name))))
    const peer = peers.reduce((sum, each) => sum + each, 0) / count
    say(
      `a minute of one stream of ${count}: receiver ${ours.toFixed(2)} s, FFmpeg alone ${peer.toFixed(2)} s, MinIO ${minio.toFixed(2)} s`,
    )
    say(`of one core: ${((ours / 60) * 100).toFixed(1)} %; at most ${CPU_LIMIT} times FFmpeg alone`)
    return {
      name: 'streams',
      unit: 's of CPU',
      ours: round(ours, 3),
      peer: round(peer, 3),
      ratio: round(ours / peer, 2),
    }
  })
}

/** CPU seconds of an FFmpeg that reads the film from a pipe and cuts it. */
async function cutAlone({ ffmpeg }: Bench, film: Film, folder: string): Promise<number> {
  await mkdir(folder, { recursive: true })
  const output = '-map 0:v -map 0:a -c copy -f segment -segment_time 4 -segment_format mpegts'
  const words = `-hide_banner -loglevel info -nostats -benchmark -f mpegts -i pipe:0 ${output}`
  const cutter = startSender(ffmpeg, [...words.split(' '), join(folder, '%06d.ts')])
  const sender = startSender(ffmpeg, [...filmArgs(film), '-f', 'mpegts', 'pipe:1'], cutter.child.stdin)
  const [{ said }] = await Promise.all([cutter.ended, sender.ended])
  await rm(folder, { recursive: true })
  const [, user, system] = /bench: utime=([\d.]+)s stime=([\d.]+)s/.exec(said) ?? []
  if (user === undefined) throw new Error(`FFmpeg alone failed: ${said}`)
  return Number(user) + Number(system)
}

/** On an idle machine: from the last byte of a piece to the manifest of a function that does nothing. */
export async function measureStreamDelay(): Promise<Measurement> {
  return withStreams(2_000, { SLUICE_STREAMS_SECONDS: '2' }, async ({ stack, ffmpeg, filmPath, target }) => {
    const { code, said } = await putByFfmpeg(
      ffmpeg,
      { path: filmPath, isRealTime: true },
      await target('delay'),
    ).ended
    if (code !== 0) throw new Error(`the sender failed: ${said}`)
    const closedAtMs = new Map<string, number>()
    for await (const { key } of stack.storage.list('incoming', { prefix: 'streams/delay/' })) {
      const head = await stack.storage.head('incoming', key)
      closedAtMs.set(key, Date.parse(head?.metadata['sluice-at'] ?? ''))
    }
    const delays = await waitFor(
      async () => {
        const found: number[] = []
        for await (const { key, lastModifiedMs } of stack.storage.list('processed', {
          prefix: 'streams/delay/',
        })) {
          const piece = /^(.+)\/seen\/manifest\.json$/.exec(key)?.[1]
          const closed = piece === undefined ? undefined : closedAtMs.get(piece)
          if (closed !== undefined) found.push(lastModifiedMs - closed)
        }
        return found.length === closedAtMs.size && found
      },
      { timeoutMs: 60_000, what: 'a manifest of each piece' },
    )
    // The last piece is not closed by its successor; the first ones warm up.
    const counted = delays.slice(WARM_UP, -1)
    say(
      `${counted.length} pieces: p50 ${median(counted).toFixed(0)} ms, p90 ${quantile(counted, 0.9).toFixed(0)} ms, most ${Math.max(...counted).toFixed(0)} ms`,
    )
    const ours = round(median(counted), 1)
    return {
      name: 'streams-delay',
      unit: 'ms',
      ours,
      peer: DELAY_LIMIT_MS,
      ratio: round(ours / DELAY_LIMIT_MS, 3),
    }
  })
}

/** Seconds for an hour of film; the peer cuts it on disk, then sends the files with `mc mirror`. */
export async function measureStreamHour(): Promise<Measurement> {
  return withStreams(400, {}, async (bench) => {
    const { stack, ffmpeg, filmPath, target, receiverPid } = bench
    const pid = await receiverPid()
    const samples: number[] = []
    const timer = setInterval(() => {
      void readFile(`/proc/${pid}/status`, 'utf8').then((text) => {
        samples.push(Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1]) / 1_000)
      })
    }, 500)
    const timed = async (work: () => Promise<unknown>) => {
      const startedMs = performance.now()
      await work()
      return (performance.now() - startedMs) / 1_000
    }
    const film = { path: filmPath, loops: HOUR_LOOPS }
    const hourTarget = await target('hour')
    const ours = await timed(async () => {
      const { code, said } = await putByFfmpeg(ffmpeg, film, hourTarget).ended
      if (code !== 0) throw new Error(`the sender failed: ${said}`)
    })
    clearInterval(timer)
    const folder = join(stack.dir, 'peer')
    const peer = await timed(async () => {
      await mkdir(folder)
      const output = '-f segment -segment_time 4 -segment_format mpegts'.split(' ')
      await run(ffmpeg, [...filmArgs(film), ...output, join(folder, '%06d.ts')])
      await stack.mc.run('mirror', '--quiet', folder, 'root/temporary/peer')
    })
    const quarter = Math.floor(samples.length / 4)
    say(
      `RSS of the receiver: ${Math.min(...samples).toFixed(0)} to ${Math.max(...samples).toFixed(0)} MB; at most ${Math.max(...samples.slice(quarter, 2 * quarter)).toFixed(0)} in the second quarter, ${Math.max(...samples.slice(3 * quarter)).toFixed(0)} in the last`,
    )
    return {
      name: 'streams-hour',
      unit: 's',
      ours: round(ours, 1),
      peer: round(peer, 1),
      ratio: round(ours / peer, 2),
    }
  })
}
