/** What MinIO's queue folder cannot keep: a full disk, a torn file, and a Redis that hung when MinIO died. The sweep finds it. */
import { readdir, readFile, rm, stat, truncate, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkQueueFolder } from '../../runtime/cli/doctor/targets.ts'
import { manifestVersions } from '../helpers/manifest-versions.ts'
import { useStack } from '../helpers/runs.ts'
import { canMount, mountSmallDisk, type SmallDisk } from '../helpers/small-disk.ts'
import { waitFor } from '../helpers/wait.ts'
import { watchFault } from './faults.ts'

const used = useStack({ SLUICE_SWEEP_EVERY: '2s', SLUICE_SWEEP_GRACE: '0s' })
const folder = () => join(used.stack.dir, 'minio', 'events')
const keysOf = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `echo/${name}-${index}.txt`)

async function doneOnce(keys: readonly string[]): Promise<readonly string[]> {
  for (const key of keys) {
    const run = await used.runs.reached(key, 'succeeded', 60_000)
    expect({ key, attempts: run.attempts, crashes: run.crashes }).toEqual({ key, attempts: 0, crashes: 0 })
    expect(await used.runs.of(key)).toHaveLength(1)
    await used.runs.assertWhole('echo', key)
    expect(await manifestVersions(used.stack.storage, 'echo', key)).toHaveLength(1)
  }
  return keys
}

async function stagedEvents(): Promise<string[]> {
  const names = await readdir(folder(), { recursive: true })
  return names.filter((name) => name.endsWith('.event')).map((name) => join(folder(), name))
}

it('a Redis that hangs while MinIO is killed: what was acknowledged meanwhile is done', async () => {
  const { redis, minio } = used.stack
  const told = await watchFault(used.stack, 'upload never announced')
  const keys = keysOf('hung', 10)
  redis.kill('SIGSTOP')
  for (const key of keys) await used.runs.put(key, key)
  minio.kill('SIGKILL')
  // What MinIO had staged must not help here: only what lay in the sockets of the hung Redis is ever told.
  await rm(folder(), { recursive: true, force: true })
  redis.kill('SIGCONT')
  await minio.start()
  expect(await doneOnce(keys)).toEqual(keys)
  await told()
})

describe('a torn event', () => {
  it('blocks all that MinIO stages after it, and the doctor says so; uploads come at once all the same, and none is lost', async () => {
    const told = await watchFault(used.stack, 'event torn')
    const { redis } = used.stack
    await redis.stop()
    const [lost = '', ...behind] = keysOf('torn', 5)
    await used.runs.put(lost, lost)
    const [first = ''] = await waitFor(
      async () => {
        const paths = await stagedEvents()
        return paths.length === 1 && paths
      },
      { timeoutMs: 20_000, what: 'one staged event' },
    )
    await truncate(first, Math.floor((await stat(first)).size / 2))
    await redis.start()
    // Nobody hears of it: the fast target had nobody to tell. The sweep finds it.
    expect(await doneOnce([lost])).toEqual([lost])

    for (const key of behind) await used.runs.put(key, key)
    expect(await doneOnce(behind)).toEqual(behind)
    await told()
    expect((await stagedEvents()).length).toBe(1 + behind.length)
    for (const key of behind) expect((await used.runs.of(key))[0]?.copies).toBe(1)

    const beforeMs = Date.now() - 60_000
    await utimes(first, beforeMs / 1_000, beforeMs / 1_000)
    const finding = await checkQueueFolder(folder(), 'sluice')
    expect(finding).toMatchObject({ status: 'fail', repair: [`rm ${first}`, 'sluice sweep'] })
    await rm(first)
    await waitFor(async () => (await stagedEvents()).length === 0, {
      timeoutMs: 30_000,
      what: 'MinIO to send what lay behind it',
    })
    expect(await checkQueueFolder(folder(), 'sluice')).toMatchObject({ status: 'ok' })
    // The second copies of what has been done make no second run.
    expect(await doneOnce(behind)).toEqual(behind)
  })
})

describe.runIf(canMount())('a queue folder on a full disk', () => {
  let disk: SmallDisk

  beforeAll(async () => {
    await used.stack.minio.stop()
    disk = mountSmallDisk(1, folder())
    await used.stack.minio.start()
    // What is uploaded in the first moments of a MinIO is announced to nobody, and no announcement can fail.
    let tried = 0
    await waitFor(
      async () => {
        const key = `echo/announced-${++tried}.txt`
        await used.runs.put(key, 'x')
        return (await used.runs.reached(key, 'succeeded')).trigger === 'upload'
      },
      { timeoutMs: 30_000, what: 'an upload to be announced' },
    )
  })
  afterAll(async () => {
    await used.stack.minio.stop()
    disk?.remove()
  })

  it('loses events of uploads that were acknowledged while Redis was away; the sweep finds the uploads', async () => {
    const told = await watchFault(used.stack, 'queue folder on a full disk')
    const { redis } = used.stack
    const keys = keysOf('no-room', 20)
    await redis.stop()
    disk.fill()
    for (const key of keys) await used.runs.put(key, key)
    await told()
    const whole = await Promise.all((await stagedEvents()).map((path) => readFile(path, 'utf8')))
    expect(whole.filter((text) => text.trim() !== '').length).toBeLessThan(keys.length)
    await redis.start()
    expect(await doneOnce(keys)).toEqual(keys)

    // With room again all is as before, but for what was torn, which the doctor names.
    disk.free()
    const after = keysOf('room', 3)
    for (const key of after) await used.runs.put(key, key)
    expect(await doneOnce(after)).toEqual(after)
  })
})
