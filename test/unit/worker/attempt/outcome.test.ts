import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { PermanentError, RetryLaterError } from '../../../../runtime/errors.ts'
import {
  capped,
  outcomeOfError,
  outcomeOfResponse,
  reasonOf,
  retryAfterMs,
} from '../../../../runtime/worker/attempt/outcome.ts'
import { StorageError } from '../../../../runtime/storage/errors.ts'
import { SourceGoneError, SupersededError } from '../../../../runtime/worker/source/reader.ts'
import { AttemptAborted } from '../../../../runtime/worker/in-flight.ts'

describe('a handler’s answer', () => {
  it.each([
    { status: 200, kind: 'succeeded' },
    { status: 204, kind: 'succeeded' },
    { status: 400, kind: 'permanent' },
    { status: 404, kind: 'retry' },
    { status: 408, kind: 'retry' },
    { status: 409, kind: 'retry' },
    { status: 422, kind: 'permanent' },
    { status: 425, kind: 'retry' },
    { status: 429, kind: 'retry' },
    { status: 500, kind: 'retry' },
    { status: 503, kind: 'retry' },
  ])('$status means $kind', async ({ status, kind }) => {
    const body = status === 204 ? null : 'said why'
    expect(await outcomeOfResponse(new Response(body, { status }))).toMatchObject({ kind })
  })

  it('keeps what the handler said, and waits as long as it asks', async () => {
    expect(await outcomeOfResponse(new Response('{"chunks":3}'))).toEqual({
      kind: 'succeeded',
      result: '{"chunks":3}',
    })
    const busy = new Response('full', { status: 503, headers: { 'retry-after': '7' } })
    expect(await outcomeOfResponse(busy)).toMatchObject({
      error: 'the handler answered 503: full',
      delayMs: 7_000,
    })
  })

  it('reads no more of an answer than it keeps, even when the handler never ends it', async () => {
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('x'.repeat(1_000))),
    })
    const outcome = await outcomeOfResponse(new Response(endless))
    expect(outcome).toEqual({ kind: 'succeeded', result: 'x'.repeat(4_096) })
  })

  it.each([
    { header: null, expected: undefined },
    { header: '', expected: undefined },
    { header: '0', expected: 0 },
    { header: '-5', expected: 0 },
    { header: '2.5', expected: 2_500 },
    { header: 'Thu, 01 Jan 1970 00:00:10 GMT', expected: 9_000 },
    { header: 'Thu, 01 Jan 1970 00:00:00 GMT', expected: 0 },
    { header: 'soon', expected: undefined },
  ])('Retry-After $header is $expected ms', ({ header, expected }) => {
    expect(retryAfterMs(header, 1_000)).toBe(expected)
  })
})

describe('a thrown value', () => {
  it.each([
    {
      name: 'PermanentError',
      error: new PermanentError('no video'),
      expected: { kind: 'permanent', error: 'no video' },
    },
    {
      name: 'RetryLaterError',
      error: new RetryLaterError(900),
      expected: { kind: 'retry', why: 'failed', delayMs: 900 },
    },
    {
      name: 'a removed source',
      error: new SourceGoneError('gone'),
      expected: { kind: 'source-gone', reason: 'gone' },
    },
    {
      name: 'an overwritten source',
      error: new SupersededError('new'),
      expected: { kind: 'superseded', reason: 'new' },
    },
    {
      name: 'a store that is away, behind whatever it broke',
      error: new Error('no source', { cause: new StorageError('refused', { code: 'ECONNREFUSED' }) }),
      expected: { kind: 'released', delayMs: 5_000 },
    },
    {
      name: 'a store that refuses this worker’s account',
      error: new StorageError('not yours', { code: 'AccessDenied', statusCode: 403 }),
      expected: { kind: 'released', reason: 'the store refuses this worker: not yours' },
    },
    {
      name: 'a store that refuses the object’s key',
      error: new Error('no head', {
        cause: new StorageError('no such name', { code: 'XMinioInvalidObjectName', statusCode: 400 }),
      }),
      expected: { kind: 'permanent', error: 'no such name' },
    },
    {
      name: 'a handler that blocked the event loop',
      error: new AttemptAborted('blocked', 'it computes'),
      expected: { kind: 'retry', why: 'failed', error: 'it computes' },
    },
    {
      name: 'a blocked event loop that may be another’s fault',
      error: new AttemptAborted('isolated', 'it stood still'),
      expected: { kind: 'isolated', reason: 'it stood still' },
    },
    {
      name: 'a value that cannot be shown as text',
      error: Object.create(null) as unknown,
      expected: { kind: 'retry', error: 'an error was thrown that cannot be shown as text' },
    },
    {
      name: 'any other error',
      error: new TypeError('x is no function'),
      expected: { kind: 'retry', why: 'failed' },
    },
    { name: 'a text', error: 'text', expected: { kind: 'retry', error: 'text' } },
    {
      name: 'a timeout',
      error: new AttemptAborted('timeout', 'too long'),
      expected: { kind: 'retry', why: 'timeout' },
    },
    {
      name: 'a stall',
      error: new AttemptAborted('stalled', 'silent'),
      expected: { kind: 'retry', why: 'stalled' },
    },
    {
      name: 'a cancel',
      error: new AttemptAborted('cancelled', 'asked'),
      expected: { kind: 'cancelled', reason: 'asked' },
    },
    { name: 'a drain', error: new AttemptAborted('released', 'stop'), expected: { kind: 'released' } },
    { name: 'a lost lease', error: new AttemptAborted('lost', 'taken'), expected: { kind: 'lost' } },
  ])('$name', ({ error, expected }) => {
    expect(outcomeOfError(error)).toMatchObject(expected)
  })

  it('carries the last lines of a tool’s log, however deep they are', () => {
    const tool = Object.assign(new Error('ffmpeg failed'), { lastLines: ['moov atom not found'] })
    const error = new PermanentError('the file is truncated', { cause: tool })
    expect(outcomeOfError(error)).toMatchObject({ kind: 'permanent', lines: ['moov atom not found'] })
  })
})

describe('texts of handlers and tools', () => {
  it('are shortened like results, whichever way they come', () => {
    const long = 'x'.repeat(100_000)
    const tool = Object.assign(new Error(long), { lastLines: Array.from({ length: 1_000 }, () => long) })
    for (const error of [tool, new PermanentError(long, { cause: tool }), new SourceGoneError(long)]) {
      const outcome = capped(outcomeOfError(error))
      const text = 'error' in outcome ? outcome.error : 'reason' in outcome ? outcome.reason : ''
      expect(text).toHaveLength(4_097)
      expect(JSON.stringify(outcome).length).toBeLessThan(150_000)
    }
  })

  it('keep their last lines, where tools say what was wrong', () => {
    const lines = Array.from({ length: 150 }, (_, at) => `line ${at}`)
    expect(capped({ kind: 'permanent', error: 'no', lines })).toMatchObject({ lines: lines.slice(50) })
  })
})

const run = promisify(execFile)
const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => {
      throw new Error('it succeeded')
    },
    (error: unknown) => error,
  )

describe('the reason of a tool that Node ran', () => {
  it('is its exit code and last line; its other lines are kept apart, and its arguments are not shown', async () => {
    const script =
      'console.error("banner 1.0\\nbuilt with love\\n\\u001b[31mno such stream"); process.exit(3)'
    const error = await failureOf(run(process.execPath, ['-e', script, 'a-secret']))
    expect(reasonOf(error)).toEqual({
      error: 'node ended with exit code 3:  [31mno such stream',
      lines: ['banner 1.0', 'built with love', ' [31mno such stream'],
    })
  })

  it('is the signal that ended it', async () => {
    const error = await failureOf(
      run(process.execPath, ['-e', 'process.kill(process.pid, "SIGTERM"); setTimeout(() => {}, 60_000)']),
    )
    expect(reasonOf(error)).toEqual({ error: 'node was ended by SIGTERM', lines: [] })
  })

  it('reports a missing program', async () => {
    const error = await failureOf(run('/nowhere/ffmpegg', ['-i', 'x']))
    expect(reasonOf(error).error).toBe('ffmpegg could not be started: there is no such program')
  })
})

it('is the first line of a message of several', () => {
  expect(reasonOf(new PermanentError('it failed\n  with this\n\n  and that'))).toEqual({
    error: 'it failed',
    lines: ['  with this', '  and that'],
  })
})

it('ends a line that is too long behind a word, and shows that there was more', () => {
  const { error } = reasonOf(new Error('options: '.padEnd(600, 'word ')))
  expect(error).toMatch(/^options: (word )+…$/)
  expect(error.length).toBeLessThanOrEqual(502)
  expect(reasonOf(new Error('x'.repeat(600))).error).toBe(`${'x'.repeat(500)} …`)
})

it('keeps the last twenty lines, without the URL of the source', () => {
  const lines = Array.from({ length: 50 }, (_, n) => `line ${n} of http://127.0.0.1:4711/c0ffee`)
  const reason = reasonOf(new Error(['first', ...lines].join('\n')))
  expect(reason.lines).toHaveLength(20)
  expect(reason.lines.at(-1)).toBe('line 49 of source')
})

it('takes the lines of an error in the chain of causes, and the message unchanged', () => {
  const cause = Object.assign(new Error('inner'), { lastLines: ['a', 'b'] })
  expect(reasonOf(new PermanentError('outer', { cause }))).toEqual({ error: 'outer', lines: ['a', 'b'] })
})

it.each([
  [new Error(''), 'Error'],
  ['a text', 'a text'],
])('has words for %o', (thrown, error) => {
  expect(reasonOf(thrown)).toEqual({ error, lines: [] })
})
