import { describe, expect, it } from 'vitest'
import type { SearchAnswer } from '../../../../runtime/api/search/model.ts'
import { FUNCTION, RUN, RUN_ID } from '../../api/examples.ts'
import { answersOf, HOSTILE } from '../full-answers.ts'
import { faultsOf } from '../html.ts'
import { createTestConsole } from '../test-console.ts'

const NOTHING: SearchAnswer = { items: [], isCut: false }
const run = { kind: 'run', match: 'id', run: RUN } as const
const objectOf = (key: string, match: 'exact' | 'prefix' | 'contains') =>
  ({ kind: 'object', match, bucket: 'incoming', key, sizeBytes: 1, lastModified: RUN.createdAt }) as const

async function find(text: string, answer: SearchAnswer) {
  const { app, calls } = createTestConsole({
    search: { search: () => Promise.resolve(answer) },
    functions: { list: () => Promise.resolve([FUNCTION]) },
  })
  const response = await app.request(`/find?q=${encodeURIComponent(text)}`)
  return { calls, status: response.status, to: response.headers.get('location'), html: await response.text() }
}

describe('a search', () => {
  it.each([
    { of: 'one run', answer: { ...NOTHING, items: [run] }, to: `/runs/${RUN_ID}` },
    {
      of: 'one object',
      answer: { ...NOTHING, items: [objectOf('a b.mp4', 'contains')] },
      to: '/objects/incoming?key=a%20b.mp4',
    },
    {
      of: 'the exact key, though others start with it',
      answer: { ...NOTHING, items: [objectOf('a', 'exact'), objectOf('ab', 'prefix')] },
      to: '/objects/incoming?key=a',
    },
    {
      of: 'an object that is not there, with its bucket',
      answer: { ...NOTHING, object: { bucket: 'incoming', key: 'a//b' } },
      to: '/objects/incoming?key=a%2F%2Fb',
    },
  ])('for $of leads straight to it', async ({ answer, to }) => {
    const found = await find('a', answer)
    expect([found.status, found.to]).toEqual([303, to])
  })

  it('of several hits lists them', async () => {
    const { html } = await find('a', { items: [run, objectOf('ab', 'prefix')], isCut: true })
    expect(html).toContain(`href="/runs/${RUN_ID}"`)
    expect(html).toContain('href="/objects/incoming?key=ab"')
    expect(html).toContain('There may be more')
  })

  it('without a hit leads to the page that says why', async () => {
    const { html } = await find('no such', NOTHING)
    expect(html).toContain('No object’s key starts with it')
    expect(html).toContain('href="/objects/incoming?key=no%20such"')
  })

  it('for nothing leads to the overview, and one that is too long is refused, without asking', async () => {
    const [nothing, long] = [await find('  ', NOTHING), await find('a'.repeat(1_101), NOTHING)]
    expect([nothing.status, nothing.to, long.status]).toEqual([303, '/', 422])
    expect([...nothing.calls, ...long.calls].filter(({ name }) => name.startsWith('search'))).toEqual([])
  })
})

it.each(Object.entries(HOSTILE))(
  'the %s of a stranger is text in a search and in what it finds',
  async (_, key) => {
    for (const count of [0, 9]) {
      const { app } = createTestConsole(answersOf({ count, key }))
      const html = await (
        await app.request(`/find?q=${encodeURIComponent(key.slice(0, 1_000).toWellFormed())}`)
      ).text()
      expect(faultsOf(html)).toEqual([])
      expect(html.match(/<img|[\u202a-\u202e]/)).toBeNull()
    }
  },
)
