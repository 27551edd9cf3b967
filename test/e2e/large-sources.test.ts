/** Sources that are too large to be copied, through the real runtime. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { useStack } from '../helpers/runs.ts'
import { sha256Hex } from '../helpers/sha256.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useStack({
  SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, 'large-functions.ts'),
})

/** Above the 64 MiB that are downloaded for a tool. */
const content = randomBytes(80 * 1024 * 1024)
const expected = {
  sha256: sha256Hex(content),
  tailHex: content.subarray(-1_000).toString('hex'),
  headHex: content.subarray(0, 4).toString('hex'),
  isWhole: true,
  // Nothing of it is on disk.
  scratch: [],
}

const resultOf = async (key: string, timeoutMs?: number) =>
  JSON.parse((await used.runs.reached(key, 'succeeded', timeoutMs)).result ?? '') as unknown

describe('a large source', () => {
  it('is read through a URL, in ranges, and never lies on disk', async () => {
    await used.runs.put('digest/large.bin', content)
    expect(await resultOf('digest/large.bin')).toEqual(expected)
  })

  it('is read on where it was when the store was away, and its function sees nothing of that', async () => {
    const key = 'digest/pause/outage.bin'
    await used.runs.put(key, content)
    await used.runs.reached(key, 'running')
    used.stack.minio.kill('SIGKILL')
    await waitFor(async () => (await fetch(`${used.stack.apiUrl}/readyz`)).status === 503, {
      timeoutMs: 15_000,
      what: '/readyz to be 503',
    })
    await used.stack.minio.start()
    expect(await resultOf(key, 60_000)).toEqual(expected)
    // The first start was the only one.
    expect(await used.runs.of(key)).toMatchObject([{ fence: 1, attempts: 0 }])
  })
})
