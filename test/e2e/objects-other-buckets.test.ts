/** Buckets as somebody else made them: the newest upload wins there too, and nothing else makes a run. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { provision } from '../../infra/local/servers/runtime.ts'
import { useAnyStack } from '../helpers/told.ts'

const used = useAnyStack()

const mc = (...args: string[]) => used.stack.mc.run(...args)
const at = (key: string) => `root/plain/${key}`

async function put(key: string, text: string): Promise<void> {
  const path = join(used.stack.dir, 'upload.txt')
  await writeFile(path, text)
  await mc('cp', path, at(key))
}

const told = (key: string) => used.told(key, 'plain')

/** Makes the bucket anew, as somebody might have had it before, and sets the runtime up on it. */
async function makeBucket(...options: string[]): Promise<void> {
  const { env, credentials, mc } = used.stack
  await mc.run('rb', '--force', 'root/plain')
  await mc.run('mb', ...options, 'root/plain')
  await provision({ env, credentials, mcProgram: mc.program })
}

describe('a bucket without versions', () => {
  beforeAll(() => makeBucket())

  it('stays as it is, and its uploads run', async () => {
    expect(await mc('version', 'info', 'root/plain')).toMatch(/un-versioned/)
    await put('one.txt', 'x')
    const [run] = await used.ended('one.txt', 1)
    expect(run?.payload.versionId).toBeUndefined()
    expect(run?.payload.generation).toMatch(/^[0-9a-f]{32}@\d{13}$/)
    expect(await told('one.txt')).toMatchObject({ key: 'one.txt', bytes: 1 })
  })

  it('gives each upload of the same bytes a run', async () => {
    await put('same.txt', 'x')
    await used.ended('same.txt', 1)
    await put('same.txt', 'x')
    const [, second] = await used.ended('same.txt', 2)
    expect(second?.state).toBe('succeeded')
    expect((await told('same.txt')).manifest.run).toBe(second?.runId)
  })

  it('gives other metadata a run, with them as options', async () => {
    await put('described.txt', 'x')
    await used.ended('described.txt', 1)
    await mc('cp', '--attr', 'note=later', at('described.txt'), at('described.txt'))
    const [, second] = await used.ended('described.txt', 2)
    expect(await told('described.txt')).toMatchObject({ note: 'later', manifest: { run: second?.runId } })
  })

  it('keeps the results of what is deleted', async () => {
    await put('gone.txt', 'x')
    await used.ended('gone.txt', 1)
    await mc('rm', at('gone.txt'))
    await put('after.txt', 'x')
    await used.notDoneOnce(['after.txt'])
    expect(await used.ended('gone.txt', 1)).toMatchObject([{ state: 'succeeded' }])
    expect(await told('gone.txt')).toMatchObject({ bytes: 1 })
  })

  it('has the newest of uploads that waited; the others are out of date, or gone', async () => {
    await used.stack.runtime.stop()
    for (const text of ['one', 'two', 'three!']) await put('waiting.txt', text)
    await put('removed.txt', 'x')
    await mc('rm', at('removed.txt'))
    await used.stack.runtime.start()
    const states = (await used.ended('waiting.txt', 3)).map(({ state }) => state)
    expect(states.toSorted()).toEqual(['succeeded', 'superseded', 'superseded'])
    expect(await told('waiting.txt')).toMatchObject({ bytes: 6 })
    expect(await used.ended('removed.txt', 1)).toMatchObject([{ state: 'source-gone' }])
  })
})

describe('a bucket whose versions are suspended', () => {
  it('has one version that uploads replace, each with its run', async () => {
    await mc('version', 'enable', 'root/plain')
    await put('suspended.txt', 'first')
    await used.ended('suspended.txt', 1)
    await mc('version', 'suspend', 'root/plain')
    await put('suspended.txt', 'second')
    await used.ended('suspended.txt', 2)
    await put('suspended.txt', 'the third')
    const runs = await used.ended('suspended.txt', 3)
    expect(runs.map(({ payload }) => payload.versionId !== undefined)).toEqual([true, false, false])
    expect(await told('suspended.txt')).toMatchObject({ bytes: 9, manifest: { run: runs[2]?.runId } })
  })
})

describe('a bucket with locks', () => {
  beforeAll(() => makeBucket('--with-lock'))

  it('runs its uploads, and not what is locked or freed afterwards', async () => {
    await put('held.txt', 'x')
    await used.ended('held.txt', 1)
    await mc('retention', 'set', 'GOVERNANCE', '1d', at('held.txt'))
    await mc('legalhold', 'set', at('held.txt'))
    await mc('legalhold', 'clear', at('held.txt'))
    expect(await mc('retention', 'info', at('held.txt'))).toMatch(/GOVERNANCE/)
    await put('last.txt', 'x')
    await used.notDoneOnce(['last.txt'])
    expect(await used.runs.of('held.txt')).toHaveLength(1)
  })
})
