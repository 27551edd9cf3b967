import { expect, it } from 'vitest'
import { parseJournal } from '../../../../runtime/reception/session/journal.ts'
import { createTakeLog } from '../../../../runtime/reception/session/take-log.ts'
import { AT_MS } from '../pieces.ts'

const TAKE = {
  kind: 'take',
  door: 'pull',
  peer: 'rtsp://cam.lan/live',
  token: 't',
  fence: '1',
  startedAtMs: AT_MS,
  atMs: AT_MS,
} as const

it('has the options of the last take, as a receiver that died has left them in its journal', () => {
  const takes = createTakeLog()
  expect(takes.options()).toEqual({})
  const options = { pieceSeconds: 2, sessionMs: 60_000, reconnectMs: 0, join: 'mp4' }
  const journal = [
    { ...TAKE, take: 1, options: { join: 'ts' } },
    { kind: 'take-ended', take: 1, how: 'source-ended', atMs: AT_MS, lastLines: [] },
    { ...TAKE, take: 2, options },
  ]
  for (const entry of parseJournal(journal.map((each) => JSON.stringify(each)).join('\n'))) takes.learn(entry)
  expect(takes.all().map(({ take }) => take)).toEqual([1, 2])
  expect(takes.options()).toEqual(options)
})

it('has none where the last take had none, as in the journal of an earlier version', () => {
  const takes = createTakeLog()
  const [first, second] = parseJournal(
    [
      { ...TAKE, take: 1, options: { join: 'ts' } },
      { ...TAKE, take: 2 },
    ]
      .map((each) => JSON.stringify(each))
      .join('\n'),
  )
  if (!first || !second) throw new Error('a take was not read')
  takes.learn(first)
  takes.learn(second)
  expect(takes.options()).toEqual({})
})
