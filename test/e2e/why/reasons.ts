/** One object for each reason. @module */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { FunctionOfObject } from '../../../runtime/api/objects/model.ts'
import { waitFor } from '../../helpers/wait.ts'
import { keys, part, post, put, reached, redis, used, view } from './used.ts'

interface Case {
  readonly because: string
  readonly object: string
  readonly prepare?: () => Promise<unknown>
  /** The function that is asked about; absent when none reads the bucket. */
  readonly name?: string
  readonly reason?: FunctionOfObject['reason']
  readonly says: RegExp
}

const NEVER = '0'.repeat(64)

const cases: readonly Case[] = [
  // First, as it takes the runs of others down with it.
  {
    because: 'it takes its worker down',
    object: 'incoming/crash/a.txt',
    prepare: () => put('crash/a.txt'),
    name: 'crash',
    reason: 'dead',
    says: /given up \(crash-loop, it took its worker down\)/,
  },
  {
    because: 'there is no such bucket',
    object: 'nowhere/a.txt',
    says: /may not read the bucket "nowhere", or it does not exist/,
  },
  {
    because: 'no function reads the bucket',
    object: 'temporary/a.txt',
    prepare: () =>
      used.stack.storage.put(
        'temporary',
        'a.txt',
        { bytes: Buffer.from('a') },
        { contentType: 'text/plain' },
      ),
    says: /No function reads the bucket "temporary"/,
  },
  {
    because: 'it was never uploaded',
    object: 'incoming/echo/typo.txt',
    name: 'echo',
    reason: 'never-there',
    says: /no event for it was ever received: check the spelling/,
  },
  {
    because: 'no pattern matches',
    object: 'incoming/elsewhere/a.txt',
    prepare: () => put('elsewhere/a.txt'),
    name: 'echo',
    reason: 'pattern',
    says: /Not for echo, flaky, .*: the key matches none of their patterns/,
  },
  {
    because: 'it is ignored',
    object: 'incoming/picky/draft-1',
    prepare: () => put('picky/draft-1'),
    name: 'picky',
    reason: 'ignored',
    says: /matches its ignore patterns: \*\*\/draft-\*/,
  },
  {
    because: 'it is too small',
    object: 'incoming/picky/small',
    prepare: () => put('picky/small', 'ab'),
    name: 'picky',
    reason: 'too-small',
    says: /2 bytes is less than its minimum of 3 bytes/,
  },
  {
    because: 'it is too large',
    object: 'incoming/picky/large',
    prepare: () => put('picky/large', 'x'.repeat(2_048)),
    name: 'picky',
    reason: 'too-large',
    says: /2 KiB is more than its maximum of 10 bytes/,
  },
  {
    because: 'it is a folder marker',
    object: 'incoming/echo/folder/',
    prepare: () => put('echo/folder/', ''),
    name: 'echo',
    reason: 'folder-marker',
    says: /a folder marker, not a file/,
  },
  {
    because: 'it was created in a way that the function does not match',
    object: 'incoming/copied/a.txt',
    prepare: () => put('copied/a.txt'),
    name: 'copied',
    reason: 'event-name',
    says: /runs for Copy only/,
  },
  {
    because: 'its name belongs to the runtime',
    object: 'incoming/echo/~mine/a.txt',
    prepare: () => put('echo/~mine/a.txt'),
    name: 'echo',
    reason: 'dead',
    says: /starts with "~": such names are reserved for the runtime; upload it under another name/,
  },
  {
    because: 'its name is the short form of a long one',
    object: `incoming/@${NEVER}`,
    name: 'echo',
    reason: 'pattern',
    prepare: () => put(`@${NEVER}`),
    says: /Not for echo/,
  },
  {
    because: 'the runtime wrote it for itself',
    object: 'processed/chain/a/chained/~01/x.json',
    prepare: () =>
      used.stack.storage.put(
        'processed',
        'chain/a/chained/~01/x.json',
        { bytes: Buffer.from('a') },
        { contentType: 'text/plain' },
      ),
    name: 'chained',
    reason: 'reserved',
    says: /the runtime wrote it for itself/,
  },
  {
    because: 'its function is paused',
    object: 'incoming/held/a.txt',
    prepare: async () => {
      await post('/v1/functions/held/pause')
      await waitFor(async () => (await redis.hget(keys.limits, 'held'))?.includes('"isPaused":true'), {
        timeoutMs: 2_000,
        what: 'the pause',
      })
      await put('held/a.txt')
    },
    name: 'held',
    reason: 'paused',
    says: /held is paused\. Resume it: sluice resume held/,
  },
  {
    because: 'no worker serves its function',
    object: 'incoming/unserved/a.txt',
    prepare: () => put('unserved/a.txt'),
    name: 'unserved',
    reason: 'no-worker',
    says: /no worker serves unserved/,
  },
  {
    because: 'it is running',
    object: 'incoming/narrow/1',
    prepare: () => put('narrow/1'),
    name: 'narrow',
    reason: 'running',
    says: /narrow: attempt 1 is running since/,
  },
  {
    because: 'others are ahead of it',
    object: 'incoming/narrow/2',
    prepare: async () => {
      await reached('incoming/narrow/1', 'narrow', 'running')
      await put('narrow/2')
    },
    name: 'narrow',
    reason: 'waiting',
    says: /narrow: it is waiting for its turn/,
  },
  {
    because: 'it failed and waits for its retry',
    object: 'incoming/patient/a.txt',
    prepare: () => put('patient/a.txt'),
    name: 'patient',
    reason: 'retrying',
    says: /attempt 1 of 3 failed; the next one starts at .* UTC: the weather is bad/,
  },
  {
    because: 'it can never succeed',
    object: 'incoming/answer/permanent',
    prepare: () => put('answer/permanent', 'permanent'),
    name: 'answer',
    reason: 'dead',
    says: /given up \(permanent, 1 attempt\): there is nothing to be done\. Upload it again once it is fixed/,
  },
  {
    because: 'it failed too often',
    object: 'incoming/answer/503',
    prepare: () => put('answer/503', '503'),
    name: 'answer',
    reason: 'dead',
    says: /given up \(exhausted, 3 attempts\): the handler answered 503/,
  },
  {
    because: 'an option is wrong',
    object: 'incoming/picky/option',
    prepare: async () => {
      const file = join(used.stack.dir, 'option.txt')
      await writeFile(file, 'hello')
      await used.stack.mc.run('cp', '--attr', 'picky.count=none', file, 'sluice/incoming/picky/option')
    },
    name: 'picky',
    reason: 'dead',
    says: /option "count" \(from the object’s metadata\) is "none"/,
  },
  {
    because: 'it was cancelled',
    object: 'incoming/narrow/3',
    prepare: async () => {
      await put('narrow/3')
      const seen = await reached('incoming/narrow/3', 'narrow', 'waiting')
      await post(`/v1/runs/${part(seen, 'narrow').run?.id ?? ''}/cancel`)
    },
    name: 'narrow',
    reason: 'cancelled',
    says: /narrow: cancelled on request/,
  },
  {
    because: 'it was removed before its run began',
    object: 'incoming/held/removed',
    prepare: async () => {
      await put('held/removed')
      await reached('incoming/held/removed', 'held', 'paused')
      await used.stack.storage.remove('incoming', 'held/removed')
      await waitFor(async () => (await view('incoming/held/removed')).events.at(-1)?.kind === 'removed', {
        timeoutMs: 5_000,
        what: 'the event of the removal',
      })
    },
    name: 'held',
    reason: 'paused',
    says: /no longer exists: it was removed at .* UTC/,
  },
]

it.each(cases)(
  'explains that an object is not processed because $because',
  async ({ object, prepare, name, reason, says }) => {
    await prepare?.()
    const seen = name && reason ? await reached(object, name, reason, 60_000) : await view(object)
    expect(seen.summary).toMatch(says)
  },
)
