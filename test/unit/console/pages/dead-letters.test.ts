import { describe, expect, it } from 'vitest'
import { sessionOf } from '../../../../runtime/api/login/session.ts'
import { FUNCTION, JOB } from '../../api/examples.ts'
import type { Answers } from '../../api/test-api.ts'
import { answersOf, HOSTILE } from '../full-answers.ts'
import { faultsOf } from '../html.ts'
import { createTestConsole, formOf } from '../test-console.ts'

const TOKENS = { operator: 'o'.repeat(32), admin: 'a'.repeat(32) }
const IDS = ['a'.repeat(32), 'b'.repeat(32)]
const KIND = '0'.repeat(16)
const FULL = answersOf({ count: 7, key: 'a.mp4' })
const jobs: Answers = {
  ...FULL,
  deadLetters: { ...FULL.deadLetters, redrive: () => Promise.resolve({ ...JOB, total: 2 }) },
}

async function send(path: string, form: RequestInit, answers = FULL) {
  const { app, calls } = createTestConsole(answers)
  const answer = await app.request(path, form)
  const asked = calls.filter(({ name }) => /redrive|purge|kinds/.test(name))
  return { answer, html: await answer.text(), asked }
}

describe('dead letters', () => {
  it('are asked for as the address says, and unknown values are left out', async () => {
    const { app, calls } = createTestConsole(FULL)
    await app.request('/dead-letters?function=cut&reason=odd&prefix=a%2F&cursor=x')
    expect(calls.find(({ name }) => name === 'deadLetters.kinds')?.args).toEqual([
      { function: 'cut', reason: undefined, contains: undefined, prefix: 'a/' },
      { limit: 1_000, cursor: 'x' },
    ])
  })

  it('of one kind are all listed, with their logs', async () => {
    const { app, calls } = createTestConsole(FULL)
    const html = await (await app.request(`/dead-letters?kind=${KIND}`)).text()
    expect(calls.find(({ name }) => name === 'overview.runs')?.args[0]).toHaveLength(7)
    expect(html.match(/<tr id="letter-/g)).toHaveLength(7)
    expect(html).toContain('All kinds')
  })

  it('that are gone say so', async () => {
    const none = answersOf({ count: 0, key: '' })
    const html = async (path: string) => (await createTestConsole(none).app.request(path)).text()
    expect(await html('/dead-letters')).toContain('Nothing was given up.')
    expect(await html('/dead-letters?prefix=a')).toContain('None matches.')
    expect(await html(`/dead-letters?kind=${KIND}`)).toContain('There are none of this kind any more.')
  })
})

describe('running dead letters again', () => {
  it('first shows what it would be, and its form names the runs that were counted', async () => {
    const { asked, html } = await send('/dead-letters/redrive', formOf({ run: IDS }))
    expect(asked).toEqual([
      { name: 'deadLetters.redrive', args: [expect.objectContaining({ runs: IDS, limit: 2, dryRun: true })] },
    ])
    expect(html).toContain('Run 2 dead letters again?')
    expect(faultsOf(html)).toEqual([])
    const sent = [...html.matchAll(/<input type="hidden" name="run" value="(\w+)"/g)].map(([, id]) => id)
    expect(sent).toEqual(IDS)
  })

  it('of a kind finds its runs, in the list that the form was shown with', async () => {
    const form = formOf({ kind: KIND, function: 'cut', reason: 'permanent' })
    const { asked, html } = await send('/dead-letters/redrive', form)
    expect(asked[0]?.args[0]).toEqual({
      function: 'cut',
      reason: 'permanent',
      contains: undefined,
      prefix: undefined,
    })
    expect(html).toContain('Run 7 dead letters again?')
  })

  it('is done for exactly those runs once it is confirmed, and leads to the job', async () => {
    const form = formOf({ run: IDS, confirmed: 'yes', rate: '0.5' })
    const { answer, asked } = await send('/dead-letters/redrive', form, jobs)
    expect(asked.map(({ args }) => args[0])).toEqual([
      { runs: IDS, limit: 2, dryRun: false, ratePerSecond: 0.5 },
    ])
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/jobs/01JOB'])
    expect(decodeURIComponent(answer.headers.get('set-cookie') ?? '')).toContain('2 runs will run again')
  })

  it('is not done for a kind that a confirmed form names: it may have others by then', async () => {
    const form = formOf({ run: IDS, kind: KIND, confirmed: 'yes' })
    const { asked } = await send('/dead-letters/redrive', form, jobs)
    expect(asked.map(({ name, args }) => [name, (args[0] as { runs?: unknown }).runs])).toEqual([
      ['deadLetters.redrive', IDS],
    ])
  })

  it('sends only the preview to a dialog', async () => {
    const { html } = await send('/dead-letters/redrive', formOf({ run: IDS }, { 'x-part': 'dialog' }))
    expect(html).toMatch(/^<form class="preview"/)
  })

  it.each([
    { what: 'nothing chosen', fields: {} },
    { what: 'a kind that is gone', fields: { kind: 'f'.repeat(16) } },
    { what: 'an id that is malformed', fields: { run: '../x' } },
    { what: 'a rate that is not a number', fields: { run: IDS, rate: 'fast', confirmed: 'yes' } },
  ])('is refused with $what', async ({ fields }) => {
    const { answer, asked } = await send('/dead-letters/redrive', formOf(fields))
    expect([answer.status, asked.filter(({ name }) => name.endsWith('redrive'))]).toEqual([422, []])
  })

  it.each(Object.entries(HOSTILE))('shows the %s of a stranger as text', async (_, key) => {
    const { html } = await send('/dead-letters/redrive', formOf({ run: IDS }), answersOf({ count: 1, key }))
    expect(faultsOf(html)).toEqual([])
    expect(html.match(/<img|[\u202a-\u202e]/)).toBeNull()
  })
})

describe('removing dead letters from the list', () => {
  const cookie = (role: 'operator' | 'admin') => ({ cookie: `sluice_session=${sessionOf(TOKENS, role)}` })

  it('needs an admin, whose page alone has the button', async () => {
    const { app, calls } = createTestConsole(FULL, { tokens: TOKENS })
    const pageOf = async (role: 'operator' | 'admin') =>
      (await app.request('/dead-letters', { headers: cookie(role) })).text()
    expect(await pageOf('operator')).not.toContain('/dead-letters/purge')
    expect(await pageOf('admin')).toContain('formaction="/dead-letters/purge"')
    const form = formOf({ run: IDS, confirmed: 'yes' }, cookie('operator'))
    expect((await app.request('/dead-letters/purge', form)).status).toBe(403)
    expect(calls.filter(({ name }) => name === 'deadLetters.purge')).toEqual([])
  })

  it('is asked for once more, and then done for exactly those', async () => {
    const { html, asked } = await send('/dead-letters/purge', formOf({ run: IDS }))
    expect(html).toContain('Remove 2 dead letters from the list?')
    expect(asked[0]?.args[0]).toEqual({ runs: IDS, limit: 2, dryRun: true })
    const done = await send('/dead-letters/purge', formOf({ run: IDS, confirmed: 'yes' }))
    expect(done.asked[0]?.args[0]).toEqual({ runs: IDS, limit: 2, dryRun: false })
    expect(done.answer.headers.get('location')).toBe('/dead-letters')
  })
})

it('the functions to filter by are those that are served', async () => {
  const { app } = createTestConsole({ ...FULL, functions: { list: () => Promise.resolve([FUNCTION]) } })
  const html = await (await app.request('/dead-letters?function=cut')).text()
  expect(html).toContain('<option value="cut" selected="">')
})
