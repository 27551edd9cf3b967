/** Disks that are full: that of attempts, and that of MinIO. */
import { cp, mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { manifestVersions } from '../helpers/manifest-versions.ts'
import { otherRuntime, type OtherRuntime } from '../helpers/other-runtime.ts'
import { useStack } from '../helpers/runs.ts'
import { canMount, mountSmallDisk, type SmallDisk } from '../helpers/small-disk.ts'
import { waitFor } from '../helpers/wait.ts'
import { watchFault } from './faults.ts'

const used = useStack({
  SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, 'disk-functions.ts'),
  SLUICE_LEASE: '1s',
  SLUICE_SWEEP_EVERY: '2s',
  SLUICE_SWEEP_GRACE: '0s',
})

describe.runIf(canMount())("the attempts' disk", () => {
  let disk: SmallDisk
  let runtime: OtherRuntime

  beforeAll(async () => {
    await used.stack.runtime.stop()
    disk = mountSmallDisk(8)
    runtime = otherRuntime(used.stack, { SLUICE_SCRATCH_DIR: disk.path })
    await runtime.start()
    // A worker that finds the disk full when it begins cannot even say whose its folder is, and begins again later.
    await waitFor(
      async () =>
        (await readdir(disk.path, { recursive: true })).filter((name) => /worker-\d+\/owner.json$/.test(name))
          .length > 0,
      { timeoutMs: 30_000, what: 'a worker with its folder' },
    )
  })
  afterAll(async () => {
    await runtime?.stop()
    disk?.remove()
  })

  /** Folders of attempts that go on, or were left. */
  async function attemptFolders(): Promise<string[]> {
    const names = await readdir(disk.path, { recursive: true })
    return names.filter((name) => /attempt-[^/]*$/.test(name))
  }

  it('when full fails attempts with that reason and leaves nothing of a hundred of them; with room the run succeeds', async () => {
    const told = await watchFault(used.stack, 'scratch full')
    const freeBefore = disk.freeBytes()
    disk.fill()
    await used.runs.put('hoard/a.txt', 'x')
    const failing = await waitFor(
      async () => {
        const [run] = await used.runs.of('hoard/a.txt')
        return run && run.attempts >= 100 && run
      },
      { timeoutMs: 90_000, what: 'a hundred attempts to fail' },
    )
    expect(failing).toMatchObject({ error: expect.stringContaining('ENOSPC'), crashes: 0 })
    await told()
    disk.free()
    const ended = await used.runs.reached('hoard/a.txt', 'succeeded', 60_000)
    expect(ended.attempts).toBeGreaterThanOrEqual(100)
    expect(await used.runs.assertWhole('hoard', 'hoard/a.txt')).toHaveLength(3)
    expect(await attemptFolders()).toEqual([])
    expect(disk.freeBytes()).toBe(freeBefore)
  })
})

describe.runIf(canMount())("MinIO's disk", () => {
  it('when full loses no upload that was acknowledged, spends no attempt, and its runs end when there is room', async () => {
    const { minio, runtime, dir, storage } = used.stack
    await runtime.stop()
    await minio.stop()
    const data = join(dir, 'minio', 'data')
    await rename(data, `${data}-before`)
    await mkdir(data)
    const disk = mountSmallDisk(24, data)
    try {
      await cp(`${data}-before`, data, { recursive: true })
      await minio.start()
      await used.runs.put('hoard/full.txt', 'x')
      disk.fill()
      await runtime.start()
      const told = await watchFault(used.stack, 'store full')
      await told()
      await expect(
        storage.put(
          'incoming',
          'hoard/refused.bin',
          { bytes: Buffer.alloc(4 * 1024 * 1024) },
          { contentType: 'text/plain' },
        ),
      ).rejects.toMatchObject({ trouble: 'full' })
      disk.free()
      const run = await used.runs.reached('hoard/full.txt', 'succeeded', 120_000)
      expect(run).toMatchObject({ attempts: 0, crashes: 0 })
      expect(await used.runs.assertThere('hoard', 'hoard/full.txt')).toHaveLength(3)
      expect(await manifestVersions(storage, 'hoard', 'hoard/full.txt')).toHaveLength(1)
      expect(await used.runs.of('hoard/refused.bin')).toEqual([])
    } finally {
      await runtime.stop()
      await minio.stop()
      disk.remove()
    }
  })
})
