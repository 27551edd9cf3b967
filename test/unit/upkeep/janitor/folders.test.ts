import { encodeTime } from 'ulid'
import { describe, expect, it } from 'vitest'
import { gather, isAbandoned } from '../../../../runtime/upkeep/janitor/folders.ts'
import { attemptOfKey } from '../../../../runtime/output/layout.ts'
import type { ListedObject } from '../../../../runtime/storage/storage.ts'
import { DAY_MS, HOUR_MS } from '../../../../runtime/time.ts'

const A = '01JAAAAAAAAAAAAAAAAAAAAAAA'
const B = '01JBBBBBBBBBBBBBBBBBBBBBBB'

async function* rows(...keys: readonly (readonly [key: string, lastModifiedMs: number])[]) {
  await Promise.resolve()
  for (const [key, lastModifiedMs] of keys)
    yield {
      key,
      lastModifiedMs,
      etag: 'e',
      sizeBytes: 1,
      isLatest: true,
      isDeleteMarker: false,
    } satisfies ListedObject
}

describe('whose file a key is', () => {
  it('is recognised by its first segment that begins with "~"', () => {
    expect(attemptOfKey(`a/b.mp4/chunk/~${A}/deep/x.mp4`)).toEqual({
      folder: 'a/b.mp4/chunk/',
      functionName: 'chunk',
      attempt: A,
    })
  })

  it.each([
    ['a record of the runtime', '~sluice/chunk.json'],
    ['a verdict', 'a.mp4/chunk.verdict.json'],
    ['a manifest', 'a.mp4/chunk/manifest.json'],
    ['a pointer that has a tilde in it', `a.mp4/chunk/x~${A}`],
    ['a key of which the first such part is no attempt', `a.mp4/~old/chunk/~${A}/x`],
    ['the folder itself', `a.mp4/chunk/~${A}`],
    ['a folder without a function before it', `chunk/~${A}/x`],
    ['a name that is no ULID', 'a.mp4/chunk/~01JAAAAAAAAAAAAAAAAAAAAAAI/x'],
    ['an ULID beyond the end of time', 'a.mp4/chunk/~81JAAAAAAAAAAAAAAAAAAAAAAA/x'],
    ['an attempt in lower case', `a.mp4/chunk/~${A.toLowerCase()}/x`],
  ])('%s is not a file of an attempt', (_, key) => {
    expect(attemptOfKey(key)).toBeUndefined()
  })
})

describe('a listing', () => {
  const all = [
    ['a/chunk.verdict.json', 9],
    ['a/chunk/manifest.json', 9],
    [`a/chunk/~${A}/1`, 1],
    [`a/chunk/~${A}/2`, 5],
    [`a/chunk/~${A}/3`, 3],
    [`a/chunk/~${B}/1`, 2],
    [`b/chunk/~${B}/1`, 4],
    [`b/chunk/~${B}/1`, 7],
    ['c', 1],
  ] as const

  it('is gathered into folders, each with the time of its newest version', async () => {
    const { folders, after } = await gather('processed', rows(...all), 100)
    expect(folders.map(({ folder, attempt, newestMs }) => [folder, attempt, newestMs])).toEqual([
      ['a/chunk/', A, 5],
      ['a/chunk/', B, 2],
      ['b/chunk/', B, 7],
    ])
    expect(after).toBeUndefined()
  })

  it.each([
    [1, 'a/chunk.verdict.json', 0],
    [2, 'a/chunk/manifest.json', 0],
    [3, `a/chunk/~${A}/3`, 1],
    [4, `a/chunk/~${A}/3`, 1],
    [6, `a/chunk/~${B}/1`, 2],
    [7, `b/chunk/~${B}/1`, 3],
  ])('stops after %i rows, but never within a folder', async (limit, after, folders) => {
    const gathered = await gather('processed', rows(...all), limit)
    expect(gathered.after).toBe(after)
    expect(gathered.folders).toHaveLength(folders)
  })
})

describe('a folder is abandoned', () => {
  const ages = { folderMs: DAY_MS, slackMs: HOUR_MS }
  const nowMs = 1_000 * DAY_MS
  const begun = (agoMs: number) => encodeTime(nowMs - agoMs) + 'A'.repeat(16)

  it('when it and its newest file are more than a day old', () => {
    const folder = { attempt: begun(DAY_MS + 1), newestMs: nowMs - DAY_MS - 1 }
    expect(isAbandoned(folder, HOUR_MS, nowMs, ages)).toBe(true)
    expect(isAbandoned({ ...folder, newestMs: nowMs - DAY_MS }, HOUR_MS, nowMs, ages)).toBe(false)
    expect(isAbandoned({ ...folder, attempt: begun(DAY_MS) }, HOUR_MS, nowMs, ages)).toBe(false)
  })

  it('not while its attempt may take longer than that', () => {
    const folder = { attempt: begun(2 * DAY_MS + HOUR_MS), newestMs: nowMs - 2 * DAY_MS }
    expect(isAbandoned(folder, 2 * DAY_MS, nowMs, ages)).toBe(false)
    expect(isAbandoned(folder, 2 * DAY_MS - 1, nowMs, ages)).toBe(true)
  })
})
