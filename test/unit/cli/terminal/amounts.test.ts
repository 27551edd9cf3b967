/** Amounts as commands print them: short. */
import { expect, it } from 'vitest'
import { formatBytes } from '../../../../runtime/amounts.ts'
import { ageText, durationText } from '../../../../runtime/cli/terminal/amounts.ts'

it.each([
  [40, '40ms'],
  [1_540, '1.5s'],
  [45_000, '45s'],
  [360_000, '6m'],
  [4 * 3_600_000, '4h'],
  [3 * 86_400_000, '3d'],
])('%i ms are %s', (ms, text) => expect(durationText(ms)).toBe(text))

it.each([
  [0, '0 bytes'],
  [1_023, '1023 bytes'],
  [1_536, '1.5 KiB'],
  [300 * 1024 ** 2, '300 MiB'],
  [2 * 1024 ** 4, '2 TiB'],
])('%i bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

it('an age counts from now', () => {
  expect(ageText('2026-11-23T11:59:00Z', Date.parse('2026-11-23T12:00:00Z'))).toBe('60s')
})
