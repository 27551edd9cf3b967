import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { MUTANTS } from '../../mutants/all.ts'

const rootDir = join(import.meta.dirname, '..', '..', '..')

it('each mutant replaces a text that its file has once, and names tests that exist', async () => {
  const misfits: string[] = []
  for (const { name, file, text, caughtBy } of MUTANTS) {
    const parts = (await readFile(join(rootDir, file), 'utf8').catch(() => '')).split(text)
    if (parts.length !== 2) misfits.push(`${file}: ${name}: found ${parts.length - 1} times`)
    for (const test of caughtBy)
      if (!existsSync(join(rootDir, test))) misfits.push(`${name}: there is no ${test}`)
  }
  expect(misfits).toEqual([])
})
