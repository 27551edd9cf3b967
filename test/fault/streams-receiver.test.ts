/** The receiver is killed at each step between a piece on disk and its place in the playlist: nothing that came is lost. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { otherRuntime, type OtherRuntime } from '../helpers/other-runtime.ts'
import { startStoreProxy, type StoreFault, type StoreProxy } from '../helpers/store-proxy.ts'
import { sessionsOf } from '../helpers/streams/arrived.ts'
import { allOf, lostTail } from '../helpers/streams/pictures.ts'
import { picturesSaid, putByFfmpeg, rtmpByFfmpeg, sentAll } from '../helpers/streams/senders.ts'
import { receives, useParts, useStreams } from '../helpers/streams/use-streams.ts'
import { waitFor } from '../helpers/wait.ts'
import { childPidsOf } from '../helpers/stack.ts'

const ffmpeg = (await ffmpegBuilds())[0]?.ffmpegPath ?? 'ffmpeg'
const used = useStreams({ env: { SLUICE_STREAMS_RECONNECT: '20s' }, film: { seconds: 20 } })
let proxy: StoreProxy
/** As the stack's, with the proxy before its store. */
let runtime: OtherRuntime
const part = useParts(used, 10)

beforeAll(async () => {
  await used.stack.runtime.stop()
  proxy = await startStoreProxy(used.stack.minioEndpoint)
  runtime = otherRuntime(used.stack, { MINIO_ENDPOINT: proxy.endpoint })
  await runtime.start()
  await receives(httpPort())
})
afterAll(async () => {
  await runtime?.stop()
  await proxy?.stop()
})

async function receiverPid(): Promise<number> {
  return waitFor(async () => (await childPidsOf(runtime, 'receive'))[0], {
    timeoutMs: 30_000,
    what: 'a receiver',
  })
}

interface Step {
  readonly of: (name: string) => RegExp
  /** Whether the store has served the request when the receiver dies. */
  readonly isServed: boolean
}

const piece = (name: string) => new RegExp(`^/incoming/streams/${name}/.*/\\d{3}-000001\\.ts$`)
const playlist = (name: string) => new RegExp(`^/processed/streams/${name}/.*/live\\.m3u8$`)
const STEPS: Readonly<Record<string, Step>> = {
  'a piece is closed and not yet sent': { of: piece, isServed: false },
  'a piece is stored, and the receiver does not know it yet': { of: piece, isServed: true },
  'the playlist is about to be written': { of: playlist, isServed: false },
  'the playlist is written, and the receiver does not know it yet': { of: playlist, isServed: true },
}

describe('kill -9 of the receiver', () => {
  it.each(Object.keys(STEPS))(
    'when %s: pictures that came are there, and the session goes on',
    async (step) => {
      const { of, isServed } = STEPS[step] as Step
      const name = `step-${Object.keys(STEPS).indexOf(step)}`
      const target = await used.http(name)
      const pid = await receiverPid()
      let isKilled = false
      proxy.breakBy(({ method, path }): StoreFault | undefined => {
        if (method !== 'PUT' || isKilled || !of(name).test(path)) return undefined
        const kill = () => {
          isKilled = true
          process.kill(pid, 'SIGKILL')
        }
        if (isServed) return { kind: 'lose-reply', onServed: kill }
        kill()
        return { kind: 'refuse', status: 503, code: 'SlowDown' }
      })
      const film = { path: part(0).path, isRealTime: true, tellsProgress: true }
      const first = putByFfmpeg(ffmpeg, film, target)
      await waitFor(async () => isKilled, { timeoutMs: 30_000, what: 'the receiver to reach the step' })
      const said = picturesSaid(first)
      await first.die()
      proxy.heal()
      await waitFor(async () => (await receiverPid()) !== pid, { timeoutMs: 60_000, what: 'a new receiver' })
      await used.isState(name, 'waiting')
      await receives(httpPort())

      await sentAll(putByFfmpeg(ffmpeg, { path: part(1).path }, target))
      const record = await used.record(name)
      expect(record.why).toBe('sender-finished')
      expect(await sessionsOf(used.stack.storage, name)).toHaveLength(1)
      const { lost, ...compared } = await used.compared(name)
      expect(compared).toMatchObject({ unknown: 0, doubled: [], backwards: 0, span: { from: 0, to: 499 } })
      // Up to a second may be on its way in the sender, the sockets and FFmpeg.
      const from = lostTail(lost, 249)
      expect(from).toBeGreaterThan(said - 25)
      const listed = ((await used.playlist(name)) ?? '').match(/^\.\..*$/gm) ?? []
      // The end of a take that was cut before its sound came is not shown, since hls.js stops there.
      expect(listed).toHaveLength(record.pieces.filter(({ unlisted }) => !unlisted).length)
      await waitFor(async () => (await spooled(name)).length === 0, {
        timeoutMs: 20_000,
        what: 'the spool to be empty',
      })
    },
  )

  it('while a sender of RTMP is admitted: the next one finds a receiver that knows nothing of it', async () => {
    const target = await used.rtmp('admitted')
    const pid = await receiverPid()
    const first = rtmpByFfmpeg(ffmpeg, { path: used.film.path, isRealTime: true }, target)
    await waitFor(async () => (await atTheGate()).length > 0, {
      timeoutMs: 20_000,
      intervalMs: 1,
      what: 'the sender to be at the gate',
    })
    process.kill(pid, 'SIGKILL')
    await first.ended
    await waitFor(async () => (await receiverPid()) !== pid, { timeoutMs: 60_000, what: 'a new receiver' })
    await waitFor(
      async () => (await rtmpByFfmpeg(ffmpeg, { path: used.film.path }, target).ended).code === 0,
      {
        timeoutMs: 60_000,
        what: 'a sender to be received',
      },
    )
    await used.record('admitted')
    const compared = await used.compared('admitted')
    expect(compared).toEqual(allOf(500))
    expect(await atTheGate()).toEqual([])
    // That of the living one.
    expect(await readdir(join(spoolDir(), '.pending'))).toHaveLength(1)
  })
})

function httpPort(): number {
  return Number(used.stack.env['SLUICE_STREAMS_PORT'])
}

/** Folders of senders that are not admitted yet, each in that of its receiver. */
async function atTheGate(): Promise<readonly string[]> {
  const entries = await readdir(join(spoolDir(), '.pending'), { recursive: true })
  return entries.filter((entry) => entry.includes('/') && !entry.endsWith('owner.json'))
}

function spoolDir(): string {
  return used.stack.env['SLUICE_STREAMS_SPOOL_DIR'] ?? ''
}

async function spooled(name: string): Promise<readonly string[]> {
  return readdir(join(spoolDir(), name)).catch(() => [])
}
