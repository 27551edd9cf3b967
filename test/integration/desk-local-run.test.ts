/** One attempt on a file of this machine, without servers. @module */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { runLocally, type LocalRunRequest } from '../../runtime/desk/local-run.ts'
import { defineFunction, PermanentError } from '../../runtime/index.ts'
import { createLogger } from '../../runtime/telemetry/logger.ts'

const log = createLogger({ level: 'silent', format: 'json' })

const shout = defineFunction(
  {
    name: 'shout',
    version: '1',
    on: { bucket: 'incoming', match: ['**/*.txt'] },
    options: z.object({ mark: z.string().max(3).default('!') }),
    stallTimeout: '1s',
  },
  async (c) => {
    const { event, options, output, source, scratch, signal } = c.var
    const text = await readFile(await source.file(), 'utf8')
    if (text === 'bad') throw new PermanentError('this text is bad')
    if (text === 'odd') throw new Error('this went wrong')
    if (text === 'slow') await new Promise((_, reject) => signal.addEventListener('abort', reject))
    const path = join(scratch, 'out.txt')
    await writeFile(path, `${text.toUpperCase()}${options.mark}`)
    await output.upload({
      path,
      name: 'shout.txt',
      role: 'text',
      contentType: 'text/plain',
      pointer: 'shout.txt',
    })
    output.describe({ totals: { characters: text.length } })
    return c.json({ key: event.key })
  },
)

describe('a local run', () => {
  let dir: string
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'desk-'))
  })
  afterAll(() => rm(dir, { recursive: true }))

  async function run(text: string, request: Partial<LocalRunRequest> = {}) {
    const file = join(dir, 'a.txt')
    await writeFile(file, text)
    return runLocally(shout, { file, out: join(dir, 'out'), log, ...request })
  }

  it('leaves the files, the pointers and the manifest that a worker leaves', async () => {
    const { outcome, manifest, mismatch, pathOf } = await run('hello')
    expect(outcome.kind).toBe('succeeded')
    expect(mismatch).toBeUndefined()
    expect(manifest).toMatchObject({ function: 'shout', options: { mark: '!' }, totals: { characters: 5 } })
    expect(manifest?.files).toMatchObject([{ role: 'text', contentType: 'text/plain', bytes: 6 }])
    const [file] = manifest?.files ?? []
    expect(await readFile(pathOf(file?.key ?? ''), 'utf8')).toBe('HELLO!')
    expect(await readFile(join(dir, 'out/processed/a.txt/shout/shout.txt'), 'utf8')).toBe('HELLO!')
  })

  it('takes options of the settings, of a request and of metadata, and refuses wrong ones with the sentence of production', async () => {
    const asked = await run('hi', { options: { mark: '?' }, metadata: { mark: '!!' } })
    expect(asked.manifest?.options).toEqual({ mark: '?' })
    const set = await run('hi', { settings: { shout: { mark: '#' } } })
    expect(set.manifest?.options).toEqual({ mark: '#' })
    const wrong = await run('hi', { metadata: { 'sluice-mark': 'too long' } })
    expect(wrong.outcome).toMatchObject({
      kind: 'permanent',
      error: expect.stringMatching(/option "mark" \(from the object’s metadata\) is "too long"/),
    })
  })

  it('replaces the result of the run before', async () => {
    const first = await run('one')
    const second = await run('two')
    expect(await readFile(join(dir, 'out/processed/a.txt/shout/shout.txt'), 'utf8')).toBe('TWO!')
    await expect(readFile(first.pathOf(first.manifest?.files[0]?.key ?? ''))).rejects.toThrow('ENOENT')
    expect(second.manifest?.files).toHaveLength(1)
  })

  it('does not remove its own source with the result of the run before', async () => {
    const first = await run('once')
    const file = first.pathOf(first.manifest?.files[0]?.key ?? '')
    await expect(run('unread', { file, key: 'a.txt' })).rejects.toThrow('choose another folder')
    expect(await readFile(file, 'utf8')).toBe('ONCE!')
  })

  it.each([
    { text: 'bad', outcome: { kind: 'permanent', error: 'this text is bad' } },
    { text: 'odd', outcome: { kind: 'retry', why: 'failed', error: 'this went wrong' } },
    { text: 'slow', outcome: { kind: 'retry', why: 'stalled' } },
  ])('says how an attempt at "$text" ended, and has no manifest then', async ({ text, outcome }) => {
    const ended = await run(text)
    expect(ended.outcome).toMatchObject(outcome)
    expect(ended.manifest).toBeUndefined()
  })

  it('says why an upload with that key would not start the function', async () => {
    expect((await run('hello', { key: 'a.mp4' })).mismatch).toBe('pattern')
  })

  it('is cancelled as a run is', async () => {
    const ended = await run('slow', { signal: AbortSignal.abort() })
    expect(ended.outcome).toMatchObject({ kind: 'cancelled' })
  })

  it('has a store that gives nothing from a byte on, where the test says so', async () => {
    const { outcome } = await run('x'.repeat(100_000), { store: { breaksAtByte: 70_000 } })
    expect(outcome).toMatchObject({ kind: 'retry', error: 'the store gives nothing from byte 70000 on' })
  })
})
