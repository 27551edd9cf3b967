/** A receiver sleeps for longer than its lease, and another one has the stream meanwhile. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort } from '../../infra/local/settings/ports.ts'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { otherRuntime, type OtherRuntime } from '../helpers/other-runtime.ts'
import { childPidsOf } from '../helpers/stack.ts'
import { sessionsOf } from '../helpers/streams/arrived.ts'
import { lostTail } from '../helpers/streams/pictures.ts'
import { curl } from '../helpers/streams/programs.ts'
import { feedFile, picturesSaid, putByCurl, putByFfmpeg } from '../helpers/streams/senders.ts'
import { receives, useParts, useStreams } from '../helpers/streams/use-streams.ts'
import { waitUntilSuspended } from '../helpers/suspend.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useStreams({
  env: { SLUICE_STREAMS_RECONNECT: '20s', SLUICE_LEASE: '5s' },
  film: { seconds: 20 },
})
const ffmpeg = (await ffmpegBuilds())[0]?.ffmpegPath ?? 'ffmpeg'
const curlPath = (await curl()) ?? 'curl'
const part = useParts(used, 10)
/** On the same servers, with a disk and ports of its own. */
let other: OtherRuntime
let otherPort: number

beforeAll(async () => {
  otherPort = await freePort()
  other = otherRuntime(used.stack, {
    SLUICE_ROLES: 'api,streams',
    SLUICE_API_PORT: String(await freePort()),
    SLUICE_STREAMS_PORT: String(otherPort),
    SLUICE_RTMP_PORT: '0',
    SLUICE_SCRATCH_DIR: join(used.stack.dir, 'other-scratch'),
    SLUICE_STREAMS_SPOOL_DIR: join(used.stack.dir, 'other-spool'),
  })
  await other.start()
  await receives(otherPort)
})
afterAll(async () => {
  for (const pid of asleep) signal(pid, 'SIGCONT')
  await other?.stop()
})

const asleep = new Set<number>()

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended.
  }
}

it('what it had received is added, what the other wrote stays, and no playlist is written by two', async () => {
  const target = await used.http('zombie')
  const film = { path: part(0).path, isRealTime: true, tellsProgress: true }
  const first = putByFfmpeg(ffmpeg, film, target)
  await used.hasPieces('zombie', 2)
  // The supervisor too: it would end a child that is silent.
  for (const pid of [used.stack.runtime.pid ?? 0, await used.receiverPid()]) {
    asleep.add(pid)
    signal(pid, 'SIGSTOP')
    waitUntilSuspended(pid)
  }
  const said = picturesSaid(first)
  await first.die()

  const elsewhere = { ...target, port: otherPort }
  await waitFor(
    async () => {
      const second = putByCurl(curlPath, elsewhere)
      feedFile(second, part(1).path)
      return (await second.ended).said.endsWith('201')
    },
    { timeoutMs: 90_000, intervalMs: 1_000, what: 'the other receiver to take the stream over' },
  )
  const before = await used.record('zombie')
  expect(before.why).toBe('sender-finished')
  for (const pid of asleep) signal(pid, 'SIGCONT')

  const after = await waitFor(
    async () => {
      const record = await used.record('zombie')
      return record.pieces.length > before.pieces.length && record
    },
    { timeoutMs: 60_000, what: 'the pieces of the one that woke up' },
  )
  expect(after.pieces.filter(({ take }) => take === 2)).toEqual(
    before.pieces.filter(({ take }) => take === 2),
  )
  expect(await sessionsOf(used.stack.storage, 'zombie')).toHaveLength(1)
  const { lost, ...compared } = await used.compared('zombie')
  expect(compared).toMatchObject({ unknown: 0, doubled: [], backwards: 0, span: { from: 0, to: 499 } })
  expect(lostTail(lost, 249)).toBeGreaterThan(said - 25)
  const playlist = (await used.playlist('zombie')) ?? ''
  expect(playlist).toContain('#EXT-X-ENDLIST')
  expect(playlist.match(/^\.\..*$/gm)).toHaveLength(after.pieces.filter(({ unlisted }) => !unlisted).length)
  expect((await childPidsOf(used.stack.runtime, 'receive')).length).toBe(1)
})
