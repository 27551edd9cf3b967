import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { withInstallLock } from '../../../../../infra/local/programs/install-lock.ts'
import { silently } from '../../../../../infra/local/terminal.ts'
import { waitFor } from '../../../../helpers/wait.ts'

describe('the lock of an installation', () => {
  let dir: string
  let lockDir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sluice-lock-'))
    lockDir = join(dir, 'install.lock')
  })
  afterEach(() => rm(dir, { recursive: true }))

  it('admits one process at a time, and shows its progress to the others', async () => {
    const said: string[] = []
    let finish: (() => void) | undefined
    const first = withInstallLock(lockDir, silently, async (tell) => {
      tell('Building mc: 12 of 1301 packages')
      await new Promise<void>((resolve) => (finish = resolve))
      said.push('the first is done')
    })
    await waitFor(async () => (await readdir(lockDir)).includes('state'), {
      timeoutMs: 10_000,
      what: 'the word of the first',
    })
    const second = withInstallLock(
      lockDir,
      (line) => void said.push(line),
      async () => {
        said.push('the second works')
      },
    )
    await waitFor(async () => said.length > 0, { timeoutMs: 10_000, what: 'the word of the second' })
    finish?.()
    await Promise.all([first, second])
    expect(said).toEqual([
      expect.stringMatching(/^Waiting for another process .*: Building mc: 12 of 1301 packages$/),
      'the first is done',
      'the second works',
    ])
    expect(await readdir(dir)).toEqual([])
  })

  it('is taken from a dead holder much sooner than from one that cannot be checked', async () => {
    // No process has this number: it is above Linux's maximum.
    await leave({ hostname: hostname(), pid: 2 ** 22 + 1 }, 20_000)
    expect(await withInstallLock(lockDir, silently, async () => 'done')).toBe('done')
  })

  it('is taken from a holder elsewhere only after minutes of silence', async () => {
    await leave({ hostname: 'another-container', pid: 1 }, 20_000)
    const said: string[] = []
    const waiting = withInstallLock(
      lockDir,
      (line) => void said.push(line),
      async () => 'done',
    )
    await waitFor(async () => said.length > 0, { timeoutMs: 10_000, what: 'it to wait' })
    const old = new Date(Date.now() - 200_000)
    await utimes(lockDir, old, old)
    expect(await waiting).toBe('done')
  })

  it('is released if the work fails', async () => {
    await expect(
      withInstallLock(lockDir, silently, () => Promise.reject(new Error('no network'))),
    ).rejects.toThrow('no network')
    expect(await readdir(dir)).toEqual([])
  })

  it('adds only one listener, however often it is taken', async () => {
    await withInstallLock(lockDir, silently, async () => undefined)
    const before = process.listenerCount('exit')
    await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        withInstallLock(join(dir, `lock-${index}`), silently, async () => {
          expect(process.listenerCount('exit')).toBe(before)
        }),
      ),
    )
  })

  async function leave(holder: object, ageMs: number) {
    await mkdir(lockDir)
    await writeFile(join(lockDir, 'holder.json'), JSON.stringify(holder))
    const then = new Date(Date.now() - ageMs)
    await utimes(lockDir, then, then)
  }
})
