import { describe, expect, it } from 'vitest'
import { resultPlace } from '../../../../runtime/output/layout.ts'
import { createAttemptOutput, NOTHING_WRITTEN } from '../../../../runtime/output/attempt-output.ts'
import type { Storage } from '../../../../runtime/storage/storage.ts'
import { Late } from '../../../../runtime/worker/attempt/late.ts'
import { writtenTo } from '../../../../runtime/worker/attempt/perform.ts'

const place = resultPlace({
  sourceBucket: 'incoming',
  sourceKey: 'clip.mp4',
  functionName: 'cut',
  outputBucket: 'processed',
})
const FILE = { name: 'late.json', role: 'data' }

/** An output, and the keys of what was sent. */
function outputOfAttempt() {
  const sent: string[] = []
  const put: Storage['put'] = (_, key) => {
    sent.push(key)
    return Promise.resolve({ etag: 'e', sha256Hex: '00' })
  }
  const storage = { put } as unknown as Storage
  const output = new Late(
    () => createAttemptOutput({ storage, place, attempt: '01J00000000000000000000000' }),
    (made) => made.abandon(new Error('its attempt has ended')),
  )
  return { output, sent }
}

describe('what a handler writes after its answer', () => {
  it('is refused, also when it had not asked for its output before', async () => {
    const { output, sent } = outputOfAttempt()
    expect(await writtenTo(output)).toEqual(NOTHING_WRITTEN)
    await expect(output.get().json({}, FILE)).rejects.toThrow('can write nothing more')
    expect(sent).toEqual([])
  })

  it('is refused when it had', async () => {
    const { output, sent } = outputOfAttempt()
    await output.get().json({}, { ...FILE, name: 'in-time.json' })
    expect((await writtenTo(output)).files).toHaveLength(1)
    await expect(output.get().json({}, FILE)).rejects.toThrow('can write nothing more')
    expect(sent).toHaveLength(1)
  })
})
