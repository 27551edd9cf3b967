import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { SETTINGS_PAGE, settingsPage } from '../../../../infra/docs/settings-page.ts'

it('is written from the schema: npm run settings', async () => {
  expect(readFileSync(SETTINGS_PAGE, 'utf8')).toBe(await settingsPage())
})

it('has a description of every setting', async () => {
  expect(await settingsPage()).not.toMatch(/\| undefined|\|\s+\|$/m)
})
