import { expect, it } from 'vitest'
import { agoText } from '../../../../runtime/console/words.ts'

it('the script says ages in the words of the server', async () => {
  const path = new URL('../../../../runtime/console/assets/console/ago.js', import.meta.url).href
  const script = (await import(path)) as { agoText: typeof agoText }
  const at = '2026-01-02T03:04:05.000Z'
  for (let ageMs = 1; ageMs < 40 * 86_400_000; ageMs = Math.ceil(ageMs * 1.37))
    for (const nowMs of [Date.parse(at) + ageMs, Date.parse(at) - ageMs])
      expect(script.agoText(at, nowMs)).toBe(agoText(at, nowMs))
})
