/** What happens to objects whose runs still wait: the store decides, whatever was announced and in which order. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { RunState } from '../../runtime/queue/run.ts'
import { sha256Hex } from '../helpers/sha256.ts'
import { useAnyStack } from '../helpers/told.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useAnyStack()

const at = (key: string) => `root/incoming/${key}`
const put = (key: string, text: string) => used.runs.put(key, text)
const rm = (key: string, ...options: string[]) => used.stack.mc.run('rm', ...options, at(key))

async function rmVersion(key: string, newest: number): Promise<void> {
  const found: string[] = []
  for await (const object of used.stack.storage.list('incoming', { prefix: key, versions: true }))
    if (object.key === key) found.push(object.versionId ?? '')
  await rm(key, '--version-id', found[newest] ?? '')
}

interface Story {
  readonly key: string
  readonly what: string
  readonly happens: (key: string) => Promise<unknown>
  /** Of its runs, in the order of the uploads. */
  readonly ends: readonly RunState[]
  /** The text of the result; undefined when there is none. */
  readonly result: string | undefined
}

const STORIES: readonly Story[] = [
  {
    key: 'deleted.txt',
    what: 'deleted',
    happens: async (key) => {
      await put(key, 'x')
      await rm(key)
    },
    ends: ['source-gone'],
    result: undefined,
  },
  {
    key: 'destroyed.txt',
    what: 'removed with its only version',
    happens: async (key) => {
      await put(key, 'x')
      await rmVersion(key, 0)
    },
    ends: ['source-gone'],
    result: undefined,
  },
  {
    key: 'restored.txt',
    what: 'deleted, and the delete undone',
    happens: async (key) => {
      await put(key, 'back')
      await rm(key)
      await used.stack.mc.run('undo', at(key))
    },
    ends: ['succeeded'],
    result: 'back',
  },
  {
    key: 'unmarked.txt',
    what: 'deleted, and its delete marker removed',
    happens: async (key) => {
      await put(key, 'back')
      await rm(key)
      await rmVersion(key, 0)
    },
    ends: ['succeeded'],
    result: 'back',
  },
  {
    key: 'overwritten.txt',
    what: 'overwritten twice',
    happens: async (key) => {
      for (const text of ['one', 'two', 'three']) await put(key, text)
    },
    ends: ['superseded', 'superseded', 'succeeded'],
    result: 'three',
  },
  {
    key: 'replaced.txt',
    what: 'deleted and uploaded again',
    happens: async (key) => {
      await put(key, 'old')
      await rm(key)
      await put(key, 'new')
    },
    ends: ['superseded', 'succeeded'],
    result: 'new',
  },
  {
    key: 'reverted.txt',
    what: 'overwritten, and the newer version removed',
    happens: async (key) => {
      await put(key, 'old')
      await put(key, 'new')
      await rmVersion(key, 0)
    },
    ends: ['succeeded', 'superseded'],
    result: 'old',
  },
  {
    key: 'pruned.txt',
    what: 'overwritten, and the older version removed',
    happens: async (key) => {
      await put(key, 'old')
      await put(key, 'new')
      await rmVersion(key, 1)
    },
    ends: ['superseded', 'succeeded'],
    result: 'new',
  },
  {
    key: 'moved.txt',
    what: 'moved away',
    happens: async (key) => {
      await put(key, 'x')
      await used.stack.mc.run('mv', at(key), at(`to/${key}`))
    },
    ends: ['source-gone'],
    result: undefined,
  },
  {
    key: 'described.txt',
    what: 'given other metadata',
    happens: async (key) => {
      await put(key, 'x')
      await used.stack.mc.run('cp', '--attr', 'note=later', at(key), at(key))
    },
    ends: ['superseded', 'succeeded'],
    result: 'x',
  },
]

beforeAll(async () => {
  await used.stack.runtime.stop()
  for (const { key, happens } of STORIES) await happens(key)
  await used.stack.runtime.start()
})

/** The ends of its runs, in the order of the uploads. */
async function endsOf({ key, ends }: Story): Promise<RunState[]> {
  const runs = await used.ended(key, ends.length)
  return runs.toSorted((a, b) => a.payload.lastModifiedMs - b.payload.lastModifiedMs).map((run) => run.state)
}

describe('an object that was uploaded while nothing ran, and then', () => {
  it.each(STORIES.filter(({ result }) => result === undefined))('$what has a verdict', async (story) => {
    expect(await endsOf(story)).toEqual(story.ends)
    const verdict = await waitFor(() => used.runs.verdict('any', story.key), {
      timeoutMs: 10_000,
      what: 'the verdict',
    })
    expect(verdict).toMatchObject({ state: story.ends.at(-1), source: { key: story.key } })
    expect(await used.runs.manifest('any', story.key)).toBeUndefined()
  })

  it.each(STORIES.filter(({ result }) => result !== undefined))('$what has a result', async (story) => {
    const { key, ends, result } = story
    expect(await endsOf(story)).toEqual(ends)
    const [done] = (await used.runs.of(key)).filter((run) => run.state === 'succeeded')
    expect(await used.told(key)).toMatchObject({
      sha256: sha256Hex(result ?? ''),
      manifest: { run: done?.runId },
    })
    expect(await used.runs.assertWhole('any', key)).toHaveLength(1)
    await waitFor(async () => (await used.runs.verdict('any', key)) === undefined, {
      timeoutMs: 10_000,
      what: 'no verdict beside the result',
    })
  })

  it('moved runs where it came to', async () => {
    await used.onlyRun('to/moved.txt')
    expect(await used.told('to/moved.txt')).toMatchObject({ key: 'to/moved.txt', bytes: 1 })
  })
})
