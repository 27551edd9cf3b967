import { expect, it } from 'vitest'
import { chosenFor } from '../../../../runtime/reception/stream/chosen.ts'

const SETTINGS = {
  pieceSeconds: 4,
  sessionMs: 86_400_000,
  reconnectMs: 30_000,
  windowMs: 600_000,
  join: 'mp4',
} as const

it('has the settings of the receiver where a stream has no options', () => {
  expect(chosenFor(SETTINGS, {})).toEqual({
    pieceSeconds: 4,
    sessionMs: 86_400_000,
    reconnectMs: 30_000,
    join: 'mp4',
  })
  expect(chosenFor(SETTINGS, { reconnectMs: undefined }).reconnectMs).toBe(30_000)
})

it('has the options of the stream where it has some, also the one not to join', () => {
  const options = { pieceSeconds: 2, sessionMs: 60_000, reconnectMs: 0, join: 'ts' } as const
  expect(chosenFor(SETTINGS, options)).toEqual(options)
  expect(chosenFor(SETTINGS, { join: 'off' }).join).toBeUndefined()
})
