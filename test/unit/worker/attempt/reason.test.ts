import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { PermanentError } from '../../../../runtime/errors.ts'
import { reasonOf } from '../../../../runtime/worker/attempt/reason.ts'

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
