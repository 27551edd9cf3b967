import { describe, expect, it } from 'vitest'
import { changed, NO_LIMITS, parseLimits, slotsOf } from '../../../runtime/queue/limits.ts'

const AT = Date.parse('2026-11-23T16:00:00.000Z')

describe('limits', () => {
  it('keep the time since when a function is paused, and forget it when it is resumed', () => {
    const paused = changed(NO_LIMITS, { isPaused: true }, AT)
    expect(paused).toEqual({ schema: 1, revision: 1, isPaused: true, pausedAt: '2026-11-23T16:00:00.000Z' })
    expect(changed(paused, { isPaused: true }, AT + 5_000)).toEqual({ ...paused, revision: 2 })
    expect(changed(paused, { isPaused: false }, AT + 5_000)).toEqual({ ...NO_LIMITS, revision: 2 })
  })

  it('change one thing and leave the other', () => {
    const both = changed(changed(NO_LIMITS, { concurrency: 4 }, AT), { isPaused: true }, AT)
    expect(both).toMatchObject({ concurrency: 4, isPaused: true })
    expect(changed(both, { concurrency: null }, AT)).not.toHaveProperty('concurrency')
    expect(changed(both, { concurrency: null }, AT).isPaused).toBe(true)
  })

  it('give no slots to a paused function, else those that were set, else its own', () => {
    const definition = { concurrency: 2 }
    expect(slotsOf(definition, NO_LIMITS)).toBe(2)
    expect(slotsOf(definition, { ...NO_LIMITS, concurrency: 5 })).toBe(5)
    expect(slotsOf(definition, { ...NO_LIMITS, concurrency: 5, isPaused: true })).toBe(0)
  })

  it.each(['', '{', '[]', '{"schema":2}', '{"schema":1,"revision":1,"isPaused":true,"concurrency":0}'])(
    'are not read from %j',
    (text) => expect(parseLimits(text)).toBeUndefined(),
  )
})
