import { expect, it, vi } from 'vitest'
import type { Take, TakeEnd } from '../../../../runtime/function/take.ts'
import { endOfTake, finishTake, lastWords } from '../../../../runtime/reception/doors/running-take.ts'

const READ = { isComplete: true, pieces: 3, wasKilled: false }
const KILLED = { isComplete: false, pieces: 3, wasKilled: true, wasLost: true }

it.each([
  { facts: { isComplete: true, pieces: 3, wasKilled: false }, how: 'sender-finished' },
  { facts: { isComplete: false, pieces: 3, wasKilled: false }, how: 'sender-lost' },
  { facts: { isComplete: true, pieces: 0, wasKilled: false }, how: 'no-media' },
  { facts: { isComplete: false, pieces: 0, wasKilled: false }, how: 'no-media' },
  // There may be media in the piece that it was writing.
  { facts: { isComplete: false, pieces: 0, wasKilled: true }, how: 'sender-lost' },
  // By whatever was not us: also when the sender had finished, and when there was no piece yet.
  { facts: KILLED, how: 'ffmpeg-lost' },
  { facts: { ...KILLED, isComplete: true }, how: 'ffmpeg-lost' },
  { facts: { ...KILLED, pieces: 0 }, how: 'ffmpeg-lost' },
  { facts: { ...READ, stoppedReading: true }, how: 'unreadable' },
  { facts: { ...READ, stoppedReading: true, pieces: 0 }, how: 'no-media' },
  // FFmpeg failed, and what the sender sent is not all there.
  { facts: { ...READ, code: 1 }, how: 'unreadable' },
  { facts: { ...READ, code: null, wasKilled: true }, how: 'unreadable' },
  { facts: { ...READ, code: 1, isComplete: false }, how: 'sender-lost' },
  { facts: { ...READ, code: 1, isDiskFull: true }, how: 'disk-full' },
  { facts: { ...READ, code: 1, isDiskFull: true, pieces: 0 }, how: 'disk-full' },
  { facts: { ...READ, code: 1, isDiskFull: true, isComplete: false }, how: 'disk-full' },
])('a take with $facts ends as $how', ({ facts, how }) => {
  expect(endOfTake({ wasLost: false, stoppedReading: false, code: 0, ...facts })).toBe(how)
})

it('quotes the last line of FFmpeg, or says something else', () => {
  const end = { code: 1, signal: null, wasLost: false, stoppedReading: false }
  expect(lastWords({ ...end, lastLines: ['one', ' two '] }, 'nothing')).toBe('two')
  expect(lastWords({ ...end, lastLines: [] }, 'nothing')).toBe('nothing')
})

it.each([
  { how: 'that ends with its input is not lost', afterMs: 1_000, wasLost: false },
  { how: 'that has to be killed is lost, with what it had not written', afterMs: 60_000, wasLost: true },
])('a take $how', async ({ afterMs, wasLost }) => {
  vi.useFakeTimers()
  try {
    const end = { code: 0, signal: null, wasLost: false, stoppedReading: false, lastLines: [] }
    let kill = () => {}
    const ended = new Promise<TakeEnd>((resolve) => {
      kill = () => resolve({ ...end, code: null, signal: 'SIGKILL' })
      setTimeout(() => resolve(end), afterMs)
    })
    const finished = finishTake({ ended, kill, stdin: undefined } as unknown as Take)
    await vi.advanceTimersByTimeAsync(20_000)
    expect(await finished).toMatchObject({ wasLost })
  } finally {
    vi.useRealTimers()
  }
})
