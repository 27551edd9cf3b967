import { describe, expect, it } from 'vitest'
import { defineFunction } from '../../../runtime/function.ts'
import { owedBySuccess, parseDebt, resultsDebt } from '../../../runtime/queue/debts.ts'

const functionOf = (name: string, rest: object = {}) =>
  defineFunction({ name, version: '1', on: { bucket: 'incoming' }, ...rest }, () => new Response())
const run = { runId: 'r', epoch: 3, functionName: 'cut', payload: { bucket: 'incoming', key: 'a "b"\n' } }

describe('a success', () => {
  it('owes nothing where everything is kept', () => {
    expect(owedBySuccess([functionOf('cut'), functionOf('probe', { onDelete: 'remove' })], run)).toEqual({})
  })

  it('owes a look at the source when any function of the bucket wants it gone', () => {
    const { source } = owedBySuccess([functionOf('cut'), functionOf('eat', { afterSuccess: 'remove' })], run)
    expect(parseDebt(source ?? '')).toEqual({ kind: 'source', runId: 'r', epoch: 3 })
  })

  it('owes a look at its own result, for a source that went while it ran', () => {
    const { results } = owedBySuccess([functionOf('cut', { onDelete: 'remove' })], run)
    expect(parseDebt(results ?? '')).toMatchObject({ kind: 'results', bucket: 'incoming', key: 'a "b"\n' })
  })
})

it('tells one deletion of an object from the next', () => {
  expect(resultsDebt('incoming', 'a', 'event-1')).not.toBe(resultsDebt('incoming', 'a', 'event-2'))
})
