import { describe, expect, it } from 'vitest'
import { askForKey } from '../../../../runtime/reception/doors/door.ts'

const ask = (answer: Parameters<typeof askForKey>[0]) => askForKey(answer, 'cam1', 'a-secret')

describe('the question for a key', () => {
  it('is answered with the id of the right one', async () => {
    expect(await ask(() => Promise.resolve({ kind: 'right', keyId: 'k1' }))).toEqual({
      kind: 'right',
      keyId: 'k1',
    })
  })

  it.each(['wrong', 'expired', 'revoked'] as const)(
    'refuses a key that is %s, and does not show it',
    async (kind) => {
      const answer = await ask(() => Promise.resolve({ kind }))
      expect(answer).toMatchObject({ kind: 'refused', reason: 'key' })
      expect(JSON.stringify(answer)).not.toContain('a-secret')
    },
  )

  it('refuses everybody while the keys cannot be known', async () => {
    expect(await ask(() => Promise.resolve({ kind: 'unknown' }))).toMatchObject({ reason: 'redis' })
    expect(await ask(() => Promise.reject(new Error('Connection is closed')))).toMatchObject({
      reason: 'redis',
    })
  })
})
