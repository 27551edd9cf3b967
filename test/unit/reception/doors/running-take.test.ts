import { expect, it } from 'vitest'
import { endOfTake, lastWords } from '../../../../runtime/reception/doors/running-take.ts'

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
])('a take with $facts ends as $how', ({ facts, how }) => {
  expect(endOfTake({ wasLost: false, stoppedReading: false, ...facts })).toBe(how)
})

it('quotes the last line of FFmpeg, or says something else', () => {
  const end = { code: 1, signal: null, wasLost: false, stoppedReading: false }
  expect(lastWords({ ...end, lastLines: ['one', ' two '] }, 'nothing')).toBe('two')
  expect(lastWords({ ...end, lastLines: [] }, 'nothing')).toBe('nothing')
})
