import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { FAULTS } from '../fault/faults.ts'

const texts = ['fault', 'long', 'longest', 'e2e'].flatMap((folder) => {
  const path = join(import.meta.dirname, '..', folder)
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' })
  return names
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(path, name), 'utf8'))
})

it.each(Object.keys(FAULTS))('the fault "%s" is made by a test that asserts what tells of it', (name) => {
  expect(texts.some((text) => text.includes('watchFault(') && text.includes(`'${name}'`))).toBe(true)
})
