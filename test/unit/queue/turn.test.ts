import { expect, it } from 'vitest'
import type { ScriptArgument } from '../../../runtime/queue/scripts.ts'
import { takeTurn } from '../../../runtime/queue/turn.ts'

it('gives up a claim that nobody can read without claiming more or handing on the words of the turn again', async () => {
  const sent: (readonly ScriptArgument[])[] = []
  const claim = ['r1', 'cut', '3', 'live', 0, 0, '["incoming"]', 'upload', 1, 1, 1, 'v1']
  const script = (_: string, args: readonly ScriptArgument[]) => {
    sent.push(args)
    return Promise.resolve(sent.length === 1 ? [[], [claim], [], 1] : [['fenced'], [], [], 1])
  }
  const { claims, settled } = await takeTurn(script, {
    consumer: 'w',
    token: 't',
    inFlight: 0,
    settlements: [],
    wokenFor: ['cut'],
    wants: [{ functionName: 'cut', free: 2, lowFirst: 0 }],
  })
  expect([claims, settled]).toEqual([[], []])
  expect(sent[0]?.slice(-2)).toEqual([1, 'cut'])
  expect(sent[1]).toEqual(
    expect.arrayContaining(['r1', '3', 't', 'unreadable', expect.stringMatching(/payload/)]),
  )
  // No function is wanted, and no word is handed on.
  expect(sent[1]?.slice(-2)).toEqual([0, 0])
})
