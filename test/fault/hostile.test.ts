/**
 * P17 and the fifth promise of the design: hostile media, uploaded by an ordinary user, through the whole stack. It costs a
 * dead letter with a reason, and nothing else: no worker, no file of the machine, no request.
 */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunRecord } from '../../runtime/queue/run.ts'
import { CLIPS, clipFolder, makeMedia, type ClipName } from '../helpers/clips.ts'
import { disguises, openTrap, type Trap } from '../helpers/disguises.ts'
import { hostileFiles } from '../helpers/hostile-media.ts'
import { useStack } from '../helpers/runs.ts'
import { waitFor } from '../helpers/wait.ts'
import { watchFault } from './faults.ts'

const folder = await clipFolder()
const used = useStack({
  SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, '..', '..', 'functions', 'index.ts'),
})
let trap: Trap
beforeAll(async () => {
  trap = await openTrap(await makeMedia(join(folder, 'clip.ts'), CLIPS['clip.ts'], 2, '320x180'))
})
afterAll(async () => {
  trap.close()
  await rm(folder, { recursive: true })
})

const clip = async (name: ClipName) =>
  readFile(await makeMedia(join(folder, name), CLIPS[name], 3, '320x180'))

/** Of both functions, when both have ended. */
function ended(key: string): Promise<readonly RunRecord[]> {
  return waitFor(
    async () => {
      const runs = await used.runs.of(key)
      const isOver = runs.every(({ state }) => ['succeeded', 'dead'].includes(state))
      return runs.length === 2 && isOver && runs
    },
    { timeoutMs: 60_000, what: `both runs of ${JSON.stringify(key)} to end` },
  )
}

async function chunkRun(key: string): Promise<RunRecord> {
  const run = (await ended(key)).find(({ functionName }) => functionName === 'chunk')
  if (!run) throw new Error(`there is no run of chunk for ${JSON.stringify(key)}`)
  return run
}

/** Of a process, the most that it ever held. */
async function peakBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024
}

describe('hostile media', () => {
  it('ends in dead letters with a reason at the first attempt, and no worker, file or neighbour is touched', async () => {
    const told = await watchFault(used.stack, 'media made to hurt')
    const workers = await used.stack.childPids('work')
    const files = hostileFiles(await clip('faststart.mp4'), trap.canaryPath, trap.host)
    for (const { name, bytes } of files) await used.runs.put(name, bytes)
    for (const [name, content] of Object.entries(disguises(trap.canaryPath, trap.host)))
      await used.runs.put(name, content)
    await used.runs.put('a neighbour.mp4', await clip('faststart.mp4'))

    for (const { name, reason } of files) {
      const run = await chunkRun(name)
      // Where a result may be right, the fuzzer's test says whether it is; here it only has to end.
      if (!reason) continue
      expect(run).toMatchObject({ state: 'dead', attempts: 1, crashes: 0 })
      expect(`${name}: ${run.error}`).toMatch(reason)
      const verdict = await waitFor(() => used.runs.verdict('chunk', name), {
        timeoutMs: 10_000,
        what: `the verdict on ${name}`,
      })
      expect(`${name}: ${verdict.reason}`).toMatch(reason)
      expect(await used.runs.manifest('chunk', name)).toBeUndefined()
    }
    for (const name of Object.keys(disguises(trap.canaryPath, trap.host))) {
      const { state, attempts, crashes } = await chunkRun(name)
      expect({ name, state, attempts, crashes }).toEqual({ name, state: 'dead', attempts: 1, crashes: 0 })
    }
    expect((await ended('a neighbour.mp4')).map(({ state }) => state)).toEqual(['succeeded', 'succeeded'])

    expect(await trap.sprung()).toEqual([])
    expect(await used.stack.childPids('work')).toEqual(workers)
    for (const pid of workers) expect(await peakBytes(pid)).toBeLessThan(400 * 1024 ** 2)
    const scratchDir = used.stack.env['SLUICE_SCRATCH_DIR'] ?? ''
    const inUse = async () =>
      (await readdir(scratchDir, { recursive: true })).filter((path) => /attempt-[^/]*$/.test(path))
    await waitFor(async () => (await inUse()).length === 0, {
      timeoutMs: 5_000,
      what: 'the folders of attempts to go',
    })
    await told()
  })

  it('cannot reach a command line through its name', async () => {
    const bytes = await clip('faststart.mp4')
    const names = [
      '-vf.mp4',
      '$(id).mp4',
      'chunk-%05d.mp4',
      'a\nb.mp4',
      'file:;|&`x`.mp4',
      'http:\u002f127.0.0.1.mp4',
    ]
    for (const name of names) await used.runs.put(name, bytes)
    for (const name of names) {
      const states = (await ended(name)).map(({ state }) => state)
      expect({ name, states }).toEqual({ name, states: ['succeeded', 'succeeded'] })
      expect(await used.runs.assertWhole('chunk', name)).toHaveLength(1)
    }
    expect(await trap.sprung()).toEqual([])
  })

  it('cannot reach a command line through its metadata', async () => {
    await clip('faststart.mp4')
    const attributes = 'chunk.seconds=6 -i /etc/passwd'
    const path = join(folder, 'faststart.mp4')
    await used.stack.mc.run('cp', '--attr', attributes, path, 'sluice/incoming/options.mp4')
    const run = await chunkRun('options.mp4')
    expect(run).toMatchObject({ state: 'dead', attempts: 1, error: expect.stringMatching(/seconds/) })
  })
})
