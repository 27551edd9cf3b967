/** `testFunction`, as an author's test uses it. @module */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { defineFunction } from '../../runtime/index.ts'
import { testFunction } from '../../runtime/testing.ts'

const count = defineFunction(
  { name: 'count', version: '1', on: { bucket: 'incoming', match: ['**/*.txt'] } },
  async (c) => {
    const { source, output, log, progress } = c.var
    const text = await readFile(await source.file(), 'utf8')
    log.warn({ letters: text.length }, 'counted')
    progress({ percent: 50 })
    if (text === '') throw new Error('nothing to count')
    await output.json({ letters: text.length }, { name: 'parts/count.json', role: 'count' })
    return c.json({ ok: true })
  },
)

describe('testFunction', () => {
  it('gives the files of a result with their names and places, and what was logged', async () => {
    const run = await testFunction(count, { object: Buffer.from('hello'), key: 'texts/a.txt' })
    expect(run).toMatchObject({ status: 'succeeded', lastLines: [] })
    expect(run.mismatch).toBeUndefined()
    expect(run.files).toMatchObject([{ name: 'parts/count.json', role: 'count' }])
    const [file] = run.files
    expect(JSON.parse(await readFile(file?.path ?? '', 'utf8'))).toEqual({ letters: 5 })
    expect(run.logs).toContainEqual(expect.objectContaining({ level: 'warn', msg: 'counted', letters: 5 }))
    await run.remove()
    expect(existsSync(file?.path ?? '')).toBe(false)
  })

  it('gives the end of an attempt that failed as a value, with its stack among what was logged', async () => {
    const run = await testFunction(count, { object: new Uint8Array(), key: 'a.mp4' })
    expect(run).toMatchObject({ status: 'retry', error: 'nothing to count', files: [], mismatch: 'pattern' })
    expect(run.manifest).toBeUndefined()
    expect(run.logs).toContainEqual(expect.objectContaining({ msg: 'the handler threw' }))
    await run.remove()
  })

  it('says what is missing: a key for bytes, a file that is there', async () => {
    await expect(testFunction(count, { object: Buffer.from('x') })).rejects.toThrow('needs a key')
    await expect(testFunction(count, { object: '/nowhere/a.txt' })).rejects.toThrow('ENOENT')
  })
})
