import { describe, expect, it } from 'vitest'
import { changesAbout, createGathering, parseAbout, type About } from '../../../../runtime/api/live/about.ts'
import type { Changes } from '../../../../runtime/queue/changes.ts'
import { objectIdOf } from '../../../../runtime/queue/keys.ts'

const run = (runId: string, functionName = 'cut', objectId = 'o') =>
  ({ runId, functionName, state: 'running', objectId }) as const
const NONE: Changes = { runs: [], others: [], hasMore: false }

it.each([
  ['all', { kind: 'all' }],
  ['streams', { kind: 'streams' }],
  ['function:chunk', { kind: 'function', name: 'chunk' }],
  ['run:0123abcd', { kind: 'run', name: '0123abcd' }],
  ['stream:cam1', { kind: 'stream', name: 'cam1' }],
  ['job:01J', { kind: 'job', name: '01J' }],
  ['object:incoming/a//b?.mp4\n', { kind: 'object', objectId: objectIdOf('incoming', 'a//b?.mp4\n') }],
  ['object:incoming/', undefined],
  ['everything', undefined],
  ['function:', undefined],
  ['', undefined],
])('%j asks for %j', (text, about) => {
  expect(parseAbout(text)).toEqual(about)
})

describe('of all changes', () => {
  const changes: Changes = {
    runs: [run('a'), run('b', 'glue', 'p')],
    others: [
      { kind: 'limits', name: 'cut' },
      { kind: 'stream', name: 'cam1' },
      { kind: 'job', name: 'j' },
    ],
    hasMore: false,
  }
  const about = (wanted: About) => {
    const own = changesAbout(wanted, changes)
    return own && [...own.runs.map(({ runId }) => runId), ...own.others.map(({ kind }) => kind)]
  }

  it.each([
    [{ kind: 'all' }, ['a', 'b', 'limits', 'job']],
    [{ kind: 'streams' }, ['stream']],
    [{ kind: 'stream', name: 'cam1' }, ['stream']],
    [{ kind: 'stream', name: 'cam2' }, undefined],
    [{ kind: 'function', name: 'cut' }, ['a', 'limits']],
    [{ kind: 'run', name: 'b' }, ['b']],
    [{ kind: 'run', name: 'c' }, undefined],
    [{ kind: 'object', objectId: 'p' }, ['b']],
    [{ kind: 'job', name: 'j' }, ['job']],
  ] satisfies [About, unknown][])('%j hears of %j', (wanted, heard) => {
    expect(about(wanted)).toEqual(heard)
  })

  it('everybody hears that there are more', () => {
    expect(changesAbout({ kind: 'run', name: 'c' }, { ...NONE, hasMore: true })).toEqual({
      ...NONE,
      hasMore: true,
    })
  })
})

it('gathers of each run its last state, and begins again when it was taken', () => {
  const gathering = createGathering()
  gathering.add({ ...NONE, runs: [{ ...run('a'), state: 'queued' }, run('b')] })
  gathering.add({ ...NONE, runs: [run('a')], others: [{ kind: 'limits', name: 'cut' }] })
  gathering.add({ ...NONE, others: [{ kind: 'limits', name: 'cut' }], hasMore: true })
  expect(gathering.take()).toEqual({
    runs: [run('a'), run('b')],
    others: [{ kind: 'limits', name: 'cut' }],
    hasMore: true,
  })
  expect(gathering.take()).toEqual(NONE)
})
