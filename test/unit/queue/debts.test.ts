import { describe, expect, it } from 'vitest'
import { defineFunction } from '../../../runtime/function/definition.ts'
import { filesDebt, lookDebt, owedBySuccess, parseDebt, resultsDebt } from '../../../runtime/queue/debts.ts'

const functionOf = (name: string, rest: object = {}) =>
  defineFunction({ name, version: '1', on: { bucket: 'incoming' }, ...rest }, () => new Response())
const run = { runId: 'r', epoch: 3, functionName: 'cut', payload: { bucket: 'incoming', key: 'a "b"\n' } }

describe('a success', () => {
  it('owes nothing where everything is kept', () => {
    expect(owedBySuccess([functionOf('cut'), functionOf('probe', { onDelete: 'remove' })], run)).toEqual({})
  })

  it('owes a look at the source when any function of the bucket wants it gone', () => {
    const { source } = owedBySuccess([functionOf('cut'), functionOf('eat', { afterSuccess: 'remove' })], run)
    expect(parseDebt(source ?? '')).toEqual({ kind: 'source', runId: 'r' })
  })

  it('owes a look at its own result, for a source that went while it ran', () => {
    const { results } = owedBySuccess([functionOf('cut', { onDelete: 'remove' })], run)
    expect(parseDebt(results ?? '')).toMatchObject({ kind: 'results', bucket: 'incoming', key: 'a "b"\n' })
  })
})

it('tells one deletion of an object from the next', () => {
  const of = { functionName: 'cut', bucket: 'incoming', key: 'a' }
  expect(resultsDebt(of, 'event-1')).not.toBe(resultsDebt(of, 'event-2'))
})

it('names the files of a result that no manifest will name any more', () => {
  const of = { functionName: 'cut', bucket: 'incoming', key: 'a' }
  expect(parseDebt(filesDebt(of, ['01A'], ['poster.jpg']))).toEqual({
    kind: 'files',
    ...of,
    attempts: ['01A'],
    pointers: ['poster.jpg'],
  })
  const success = { runId: 'r1', endedAtMs: 7 }
  expect(parseDebt(filesDebt(of, [], [], success))).toMatchObject({ kind: 'files', success })
})

it('names the version that was removed, where it is known, and tells one removal from the next', () => {
  const debt = lookDebt('incoming', 'a "b"\n', 'v1', 'event-1')
  expect(parseDebt(debt)).toEqual({ kind: 'look', bucket: 'incoming', key: 'a "b"\n', removedVersion: 'v1' })
  expect(lookDebt('incoming', 'a "b"\n', 'v1', 'event-2')).not.toBe(debt)
})
