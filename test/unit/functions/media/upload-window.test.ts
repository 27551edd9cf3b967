import { describe, expect, it } from 'vitest'
import { createUploadWindow } from '../../../../functions/media/upload-window.ts'
import type { Output, OutputFile } from '../../../../runtime/index.ts'

const file = (name: string): OutputFile => ({
  path: `/${name}`,
  name,
  role: 'chunk',
  contentType: 'video/mp4',
})

function slowOutput() {
  const open: { resolve(): void; reject(error: Error): void }[] = []
  const output: Output = {
    upload: () => new Promise<void>((resolve, reject) => open.push({ resolve, reject })),
    json: async () => {},
    describe: () => {},
    folder: '~attempt/',
    get waiting() {
      return open.length
    },
  }
  return { output, open, sendOne: () => open.shift()?.resolve() }
}

describe('createUploadWindow', () => {
  it('makes the maker wait from the fifth file on, until one is sent', async () => {
    const { output, sendOne } = slowOutput()
    let sent = 0
    const window = createUploadWindow(output, () => sent++)
    for (const name of ['1', '2', '3', '4']) await window.add(file(name))
    let isThrough = false
    const fifth = window.add(file('5')).then(() => (isThrough = true))
    await Promise.resolve()
    expect(isThrough).toBe(false)
    sendOne()
    await fifth
    expect(sent).toBe(1)
  })

  it('finishes when everything is sent', async () => {
    const { output, sendOne } = slowOutput()
    const window = createUploadWindow(output, () => {})
    await window.add(file('1'))
    const finished = window.finish()
    sendOne()
    await expect(finished).resolves.toBeUndefined()
  })

  it('throws the first failure at the next file, and again at the end', async () => {
    const { output, open } = slowOutput()
    const window = createUploadWindow(output, () => {})
    await window.add(file('1'))
    open.shift()?.reject(new Error('the store is away'))
    await Promise.resolve()
    await expect(window.add(file('2'))).rejects.toThrow('the store is away')
    open.shift()?.resolve()
    await expect(window.finish()).rejects.toThrow('the store is away')
  })
})
