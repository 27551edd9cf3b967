import { describe, expect, it } from 'vitest'
import { createSender, type Sent, type Unsent } from '../../../../runtime/reception/spool/sender.ts'
import { createLogger } from '../../../../runtime/telemetry/logger.ts'
import { waitFor } from '../../../helpers/wait.ts'
import { take } from '../pieces.ts'

const log = createLogger({ level: 'silent', format: 'json' })
const STORED: Sent = { kind: 'stored', sha256Hex: '0'.repeat(64) }
const unsent = (count: number): readonly Unsent[] =>
  take(1, Array(count).fill(4) as number[]).map((piece) => ({
    piece,
    path: `/nowhere/${piece.number}`,
    closedAtMs: 0,
    isDiscontinuity: false,
  }))

/** A sender to a store whose answers the test gives. */
function held() {
  const going = new Map<number, { resolve(sent: Sent): void; reject(error: Error): void }>()
  const sent: number[] = []
  const attempts: number[] = []
  const sender = createSender({
    send: ({ piece: { number } }, signal) =>
      new Promise((resolve, reject) => {
        attempts.push(number)
        going.set(number, { resolve, reject })
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      }),
    onSent: ({ piece }) => sent.push(piece.number),
    log,
    firstPauseMs: 1,
  })
  const settle = async (number: number, error?: Error) => {
    const answer = await waitFor(() => Promise.resolve(going.get(number)), {
      timeoutMs: 1_000,
      what: `piece ${number} to be sent`,
      intervalMs: 1,
    })
    going.delete(number)
    if (error) answer.reject(error)
    else answer.resolve(STORED)
  }
  return { sender, sent, attempts, settle }
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 5))

describe('pieces', () => {
  it('are sent three at a time, the oldest first', async () => {
    const { sender, sent, attempts, settle } = held()
    for (const each of unsent(5).toReversed()) sender.add(each)
    for (const number of [4, 3, 2, 0, 1]) await settle(number)
    await sender.whenIdle()
    expect(attempts.slice(3)).toEqual([0, 1])
    expect([sent, sender.length]).toEqual([[4, 3, 2, 0, 1], 0])
  })

  it('are sent one at a time after a failure, again and again, and three at a time once one has arrived', async () => {
    const { sender, attempts, settle } = held()
    for (const each of unsent(5)) sender.add(each)
    for (const number of [0, 1, 2]) await settle(number, new Error('away'))
    for (let n = 0; n < 5; n++) await settle(0, new Error('still away'))
    expect(attempts).toEqual([0, 1, 2, ...Array(5).fill(0), ...attempts.slice(8)])
    await settle(0)
    for (const number of [1, 2, 3]) await settle(number)
    await settle(4)
    await sender.whenIdle()
    expect(attempts.filter((number) => number === 0)).toHaveLength(7)
  })

  it('are dropped from the oldest on, those on their way too, and never counted as sent', async () => {
    const { sender, sent, settle } = held()
    for (const each of unsent(6)) sender.add(each)
    await turn()
    const dropped = [1, 2, 3, 4].map(() => sender.dropOldest()?.piece.number)
    expect(dropped).toEqual([0, 1, 2, 3])
    for (const number of [4, 5]) await settle(number)
    await sender.whenIdle()
    expect(sent).toEqual([4, 5])
    expect(sender.dropOldest()).toBeUndefined()
  })

  it('that were dropped are not counted when the store has stored them all the same', async () => {
    const answers: (() => void)[] = []
    const sent: number[] = []
    const sender = createSender({
      send: () => new Promise((resolve) => answers.push(() => resolve(STORED))),
      onSent: ({ piece }) => sent.push(piece.number),
      log,
    })
    for (const each of unsent(2)) sender.add(each)
    await turn()
    sender.dropOldest()
    for (const answer of answers) answer()
    await sender.whenIdle()
    expect(sent).toEqual([1])
  })

  it('that were being sent when the process ends are not reported', async () => {
    const { sender, sent } = held()
    for (const each of unsent(2)) sender.add(each)
    await turn()
    sender.stop()
    await turn()
    expect([sent, sender.length]).toEqual([[], 2])
  })
})
