import { describe, expect, it } from 'vitest'
import type { Run } from '../../../runtime/api/runs/model.ts'
import { createFirstFiles } from '../../../runtime/console/first-files.ts'
import { clientLines, curlLines } from '../../../runtime/console/parts/first-steps.tsx'
import { FUNCTION, RUN } from '../api/examples.ts'
import { createTestConsole, htmlOf } from './test-console.ts'

const EMPTY = { items: [], nextCursor: null }
const runOf = (key: string, changes: Partial<Run> = {}): Run => ({
  ...RUN,
  object: { ...RUN.object, key },
  ...changes,
})

function consoleWith(items: readonly Run[], isReader = false) {
  const tokens = isReader ? { reader: 'r'.repeat(32) } : {}
  return createTestConsole(
    {
      functions: { list: () => Promise.resolve([FUNCTION]) },
      runs: {
        list: () => Promise.resolve({ items: [...items], nextCursor: null }),
        running: () => Promise.resolve([]),
      },
      deadLetters: { list: () => Promise.resolve(EMPTY) },
    },
    { tokens, storeOrigin: 'http://127.0.0.1:9000' },
  )
}

describe('an empty console', () => {
  it('says what to type or drop next, with the lines of this stack', async () => {
    const html = await htmlOf(consoleWith([]).app, '/')
    expect(html).toContain('Nothing has been uploaded yet')
    expect(html).toContain('npm run -s mc -- cp FILE sluice/incoming/')
    expect(html).toContain('-T FILE http://127.0.0.1:9000/incoming/')
    expect(html).toContain('href="/upload"')
  })

  it('shows the way of the first file: each function, how far it is, and where the result is', async () => {
    const running = runOf('sample.mp4', { status: 'running', progress: { percent: 41 }, function: 'probe' })
    const done = runOf('sample.mp4', { status: 'succeeded', function: 'chunk' })
    const html = await htmlOf(consoleWith([running, done]).app, '/')
    expect(html).toContain('Your first file<')
    expect(html).toMatch(/class="way">.*chunk<\/a>.*Done.*probe<\/a>.*Running.*value="41"/s)
    expect(html).toContain('See what came out')
  })

  it('has no result to see before there is one', async () => {
    const html = await htmlOf(consoleWith([runOf('a.mp4', { status: 'queued' })]).app, '/')
    expect(html).toContain('Your first file<')
    expect(html).not.toContain('See what came out')
  })
})

describe('the first files', () => {
  it('are asked for until there were more than three, and then never again', async () => {
    let asked = 0
    let keys = ['a', 'a', 'b', 'c']
    const list = () => {
      asked++
      return Promise.resolve({ items: keys.map((key) => runOf(key)), nextCursor: null })
    }
    const firstFiles = createFirstFiles({ list })
    expect((await firstFiles([FUNCTION]))?.files.map(({ key, runs }) => [key, runs.length])).toEqual([
      ['a', 2],
      ['b', 1],
      ['c', 1],
    ])
    keys = [...keys, 'd']
    expect(await firstFiles([FUNCTION])).toBeUndefined()
    keys = []
    expect([await firstFiles([FUNCTION]), asked]).toEqual([undefined, 2])
  })

  it('name the buckets of functions that run by themselves', async () => {
    const list = () => Promise.resolve({ items: [], nextCursor: null })
    const firstFiles = createFirstFiles({ list })
    const asked = { ...FUNCTION, trigger: 'asked' as const, on: { ...FUNCTION.on, bucket: 'other' } }
    expect((await firstFiles([FUNCTION, FUNCTION, asked]))?.buckets).toEqual(['incoming'])
  })
})

describe('lines for a terminal', () => {
  const around = { storeUrl: 'https://s3.example.org', region: 'eu-1', uploader: undefined }

  it('set up a client where the stack has no command of its own', () => {
    expect(clientLines(around, 'incoming')).toEqual([
      'mc alias set sluice https://s3.example.org',
      'mc cp FILE sluice/incoming/',
    ])
  })

  it('sign with the region of the store, for an account that is known or to be filled in', () => {
    expect(curlLines(around, 'incoming').join('\n')).toContain(' aws:amz:eu-1:s3 \\\n  --user ACCOUNT ')
    expect(curlLines({ ...around, uploader: 'sluice-uploader' }, 'incoming').join('\n')).toContain(
      '--user sluice-uploader ',
    )
  })
})
