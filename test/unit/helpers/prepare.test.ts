import { describe, expect, it } from 'vitest'
import { wantsTools } from '../../helpers/prepare.ts'

describe('programs for tests are installed before them', () => {
  it.each([
    { words: [], wants: true },
    { words: ['--project', 'contract'], wants: true },
    { words: ['--project=e2e', '--bail', '1'], wants: false },
    { words: ['--project=e2e', '--bail=1'], wants: true },
    { words: ['--project', 'unit'], wants: false },
    { words: ['--project', 'unit', '--project', 'integration'], wants: false },
    { words: ['--project', 'contract', 'caddy'], wants: false },
    { words: ['test/unit/time.test.ts'], wants: false },
  ])('of "npm test -- $words": $wants', ({ words, wants }) => {
    expect(wantsTools(words)).toBe(wants)
  })
})
