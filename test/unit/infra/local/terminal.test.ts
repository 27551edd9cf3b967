/** The output for a person who starts the stack. */
import { describe, expect, it } from 'vitest'
import { guide, type GuideFacts } from '../../../../infra/local/session/guide.ts'
import { runStep, stepLine } from '../../../../infra/local/terminal.ts'
import { waitFor } from '../../../helpers/wait.ts'

describe('a step of the start', () => {
  it('is one line with its time, within 80 columns', async () => {
    const said: string[] = []
    const step = { name: 'Redis', work: () => Promise.resolve(6379), detail: (port: number) => `on ${port}` }
    expect(await runStep(step, (line) => said.push(line))).toBe(6379)
    expect(said).toEqual([expect.stringMatching(/^ {2}Redis {5}on 6379 +0\.\d s$/)])
    expect(stepLine('Runtime', 'http://127.0.0.1:65535', '1234 s').length).toBeLessThanOrEqual(80)
  })

  it('that takes long reports its state', async () => {
    const said: string[] = []
    let finish: (() => void) | undefined
    const work = () => new Promise<void>((resolve) => (finish = resolve))
    const state = () => Promise.resolve('loading the append only file')
    const step = runStep({ name: 'Redis', work, detail: () => '', state }, (line) => said.push(line), 10)
    await waitFor(async () => said.length > 0, { timeoutMs: 10_000, what: 'its word' })
    expect(said[0]).toMatch(/^ {2}Redis: 0\.\d s so far; loading the append only file …$/)
    finish?.()
    await step
  })

  it('that takes long uses one line, however long the lines of its log', async () => {
    const said: string[] = []
    let finish: (() => void) | undefined
    const work = () => new Promise<void>((resolve) => (finish = resolve))
    const state = () => Promise.resolve('x'.repeat(300))
    const step = runStep({ name: 'Redis', work, detail: () => '', state }, (line) => said.push(line), 10)
    await waitFor(async () => said.length > 0, { timeoutMs: 10_000, what: 'its word' })
    expect(said[0]).toHaveLength(80)
    finish?.()
    await step
  })

  it('that fails prints nothing: its error does', async () => {
    const said: string[] = []
    const step = { name: 'Redis', work: () => Promise.reject(new Error('port is taken')), detail: () => '' }
    await expect(runStep(step, (line) => said.push(line))).rejects.toThrow('port is taken')
    expect(said).toEqual([])
  })
})

const STREAMS = {
  httpUrl: 'http://127.0.0.1:8082',
  rtmpUrl: 'rtmp://127.0.0.1:1935',
  ffmpegPath: '/a b/ffmpeg',
  needsKey: false,
}

describe('the guide', () => {
  const globs = Array.from({ length: 40 }, (_, index) => `**/*.x${index}`)
  const facts: GuideFacts = {
    redisUrl: 'redis://user:secret-word@127.0.0.1:65535',
    minioEndpoint: 'http://127.0.0.1:65535',
    console: { url: 'http://127.0.0.1:65535', loginUrl: undefined },
    minioConsoleUrl: 'http://127.0.0.1:65535',
    apiUrl: 'http://127.0.0.1:65535',
    streams: STREAMS,
    dataDir: '/home/somebody/projects with spaces/sluice/.sluice',
    functions: [
      { name: 'chunk', trigger: 'always', bucket: 'incoming', outputBucket: 'processed', match: globs },
      {
        name: 'one',
        trigger: 'always',
        bucket: 'incoming',
        outputBucket: 'processed',
        match: [`**/*.{${globs.join(',')}}`],
      },
      { name: 'everything', trigger: 'always', bucket: 'incoming', outputBucket: 'processed', match: [] },
    ],
    sample: {
      manifest: 'processed/sample.mp4/chunk/manifest.json',
      chunks: 6,
      seconds: 12,
      bytes: 1,
      firstChunk: 'processed/sample.mp4/chunk/~01ARZ3NDEKTSV4RRFFQ69G5FAV/chunk-00000.mp4',
    },
    sampleNote: 'was cut at an earlier start into',
  }

  it('has no line over 80 columns, and no path with spaces in a command', () => {
    const lines = guide(facts).split('\n')
    expect(lines.filter((line) => line.length > 80)).toEqual([])
    const commands = lines.filter((line) => line.includes('npm run'))
    expect(commands.length).toBeGreaterThan(4)
    expect(commands.filter((line) => line.includes(facts.dataDir))).toEqual([])
  })

  it('has a command that can be pasted and sends a stream, with a key where one is needed', () => {
    const commandOf = (text: string) =>
      /another terminal[^\n]*\n([^]*?)\nIt plays/.exec(text)?.[1]?.replaceAll(/ \\\n +/g, ' ')
    expect(commandOf(guide(facts))).toMatch(
      /^ {2}'\/a b\/ffmpeg' [^\n]* -re -f lavfi [^\n]* -g 50 [^\n]*-method PUT http:\/\/127\.0\.0\.1:8082\/v1\/streams\/demo$/,
    )
    expect(commandOf(guide(facts))).not.toContain('Bearer')
    const guarded = { ...STREAMS, needsKey: true }
    expect(commandOf(guide({ ...facts, streams: guarded }))).toMatch(
      /^ {2}KEY=\$\(npm run -s sluice -- streams key create demo[^]* -headers "Authorization: Bearer \$KEY" /,
    )
    expect(guide({ ...facts, streams: undefined })).not.toContain('lavfi')
  })

  it('lists the functions, with as many of their globs as fit', () => {
    expect(guide(facts)).toMatch(
      /Functions\n {2}chunk +incoming → processed\n +\*\*\/\*\.x0 .* and \d+ more\n {2}one +incoming → processed\n +\*\*.*…\n {2}everything +incoming → processed\n +every key\n/,
    )
  })

  it('names the functions that run only when asked, and shows how to ask for one', () => {
    const names = Array.from({ length: 20 }, (_, index) => `function-${index}`)
    const asked = names.map((name) => ({
      name,
      bucket: 'incoming',
      outputBucket: 'processed',
      match: globs,
      trigger: 'asked' as const,
    }))
    const text = guide({ ...facts, functions: [...facts.functions, ...asked] })
    expect(text).toMatch(/ {13}every key\n {2}Only when asked for \(--attr make=NAME\):\n {13}function-0, /)
    expect(text.match(/function-\d+/g)).toEqual([...names, 'function-0'])
    expect(text).toContain(
      '  npm run -s mc -- cp --attr make=function-0 FILE sluice/incoming/  # docs/functions.md\n',
    )
    expect(text.split('\n').filter((line) => line.includes('function-') && line.length > 90)).toEqual([])
    expect(guide(facts)).not.toContain('make=')
  })

  it("begins with the console's address, with a link to log in where tokens are set", () => {
    const url = 'http://127.0.0.1:65535'
    expect(guide(facts)).toMatch(/running\.\n\n {2}Console +http:\/\/127\.0\.0\.1:65535 /)
    expect(guide(facts)).not.toMatch(/log in/i)
    const guarded = { ...facts, console: { url, loginUrl: `${url}/login?link=1.admin` } }
    expect(guide(guarded).split('\n')).toContain(`${url}/login?link=1.admin`)
    expect(guide(guarded)).toContain('npm run -s sluice -- console')
  })

  it('shows no password', () => {
    expect(guide(facts)).not.toContain('secret-word')
  })

  it('gives the reason for a missing sample', () => {
    expect(guide({ ...facts, sample: undefined, sampleNote: 'No sample clip.' })).toContain(
      '\nNo sample clip.\n',
    )
  })
})
