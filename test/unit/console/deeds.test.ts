/** Every change that pages offer: who may, and what is asked of the services. */
import { describe, expect, it } from 'vitest'
import { RefusedError } from '../../../runtime/api/http/problem.ts'
import { sessionOf } from '../../../runtime/api/login/session.ts'
import { FUNCTION, JOB, PASS, RUN, RUN_ID } from '../api/examples.ts'
import type { Answers } from '../api/test-api.ts'
import { answersOf } from './full-answers.ts'
import { createTestConsole, formOf } from './test-console.ts'

const TOKENS = { reader: 'r'.repeat(32), operator: 'o'.repeat(32), admin: 'a'.repeat(32) }
const cookieOf = (role: keyof typeof TOKENS) => ({ cookie: `sluice_session=${sessionOf(TOKENS, role)}` })

const ANSWERS: Answers = {
  functions: { pause: () => Promise.resolve(FUNCTION), resume: () => Promise.resolve(FUNCTION) },
  runs: {
    retry: () => Promise.resolve(RUN),
    cancel: () => Promise.resolve({ ...RUN, status: 'cancelled' }),
  },
  reprocess: { reprocess: () => Promise.resolve(JOB) },
  sweep: { sweep: () => Promise.resolve({ ...PASS, status: 'waiting' }) },
  jobs: { cancel: () => Promise.resolve(JOB) },
}

/** Changes of one's own browser only. */
const OWN = ['/login', '/logout', '/theme']
const CHANGES = createTestConsole()
  .app.routes.filter(({ method, path }) => method === 'POST' && !OWN.includes(path))
  .map(({ path }) => path.replaceAll(/:\w+\{(\w+)[^}]*\}/g, '$1').replaceAll(/:\w+/g, 'x'))

/** What was said on the next page, and where that is. */
async function outcomeOf(answers: Answers, path: string, form: RequestInit) {
  const { app, calls } = createTestConsole(answers)
  const answer = await app.request(path, form)
  const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
  const notice = decodeURIComponent(cookie.replace('sluice_notice=', ''))
  return { calls, status: answer.status, to: answer.headers.get('location'), notice }
}

it('there are changes', () => expect(CHANGES.length).toBeGreaterThan(5))

describe.each(CHANGES)('%s', (path) => {
  it('is refused for a reader, who has no button for it', async () => {
    const { app, calls } = createTestConsole(ANSWERS, { tokens: TOKENS })
    const answer = await app.request(path, formOf({ run: RUN_ID }, cookieOf('reader')))
    expect([answer.status, calls]).toEqual([403, []])
  })

  it('is refused without a session', async () => {
    const { app, calls } = createTestConsole(ANSWERS, { tokens: TOKENS })
    const answer = await app.request(path, formOf({ run: RUN_ID }))
    expect([answer.status, calls]).toEqual([401, []])
  })

  it('is refused when it comes from a page of another site', async () => {
    const { app, calls } = createTestConsole(ANSWERS)
    const answer = await app.request(path, formOf({ run: RUN_ID }, { 'sec-fetch-site': 'cross-site' }))
    expect([answer.status, calls]).toEqual([403, []])
  })
})

describe('a change', () => {
  it.each([
    {
      path: '/functions/cut/resume',
      fields: {},
      call: { name: 'functions.resume', args: ['cut'] },
      notice: 'cut starts runs again.',
    },
    {
      path: `/runs/${RUN_ID}/retry`,
      fields: {},
      call: { name: 'runs.retry', args: [RUN_ID, { force: false }] },
      notice: 'It waits to run again, behind uploads.',
    },
    {
      path: `/runs/${RUN_ID}/retry`,
      fields: { force: 'on' },
      call: { name: 'runs.retry', args: [RUN_ID, { force: true }] },
      notice: 'It waits to run again, behind uploads.',
    },
    {
      path: `/runs/${RUN_ID}/cancel`,
      fields: {},
      call: { name: 'runs.cancel', args: [RUN_ID] },
      notice: 'It is cancelled.',
    },
    {
      path: '/sweep',
      fields: {},
      call: { name: 'sweep.sweep', args: [{ kind: 'full', dryRun: false }] },
      notice: 'A full sweep is requested; it starts within seconds.',
    },
    {
      path: '/jobs/01JOB/cancel',
      fields: {},
      call: { name: 'jobs.cancel', args: ['01JOB'] },
      notice: 'The job adds no more runs, and those that wait are cancelled.',
    },
  ])('by $path is done once, and told on the next page', async ({ path, fields, call, notice }) => {
    const outcome = await outcomeOf(ANSWERS, path, formOf(fields))
    expect(outcome).toEqual({ calls: [call], status: 303, to: '/', notice })
  })

  it('that runs an object again names its key exactly, and the function', async () => {
    const key = ' a//\u202e?ü#\n.mp4 '
    const { app } = createTestConsole(answersOf({ count: 5, key }))
    const html = await (await app.request(`/objects/incoming?key=${encodeURIComponent(key)}`)).text()
    const [, path = ''] = / action="(\/objects\/[^"]*)"/.exec(html) ?? []
    const { calls, notice } = await outcomeOf(ANSWERS, path, formOf({ function: 'cut' }))
    expect(calls[0]?.args[0]).toMatchObject({
      bucket: 'incoming',
      keys: [key],
      function: 'cut',
      force: false,
      dryRun: false,
    })
    expect(notice).toBe('cut runs it again, behind uploads.')
  })

  it('with other options sends those that are filled in, and leads back to the object', async () => {
    const fields = { function: 'cut', 'option:cut.seconds': '4', 'option:cut.mode': '' }
    const outcome = await outcomeOf(ANSWERS, '/objects/incoming/run?key=a%20b', formOf(fields))
    expect(outcome.calls[0]?.args[0]).toMatchObject({ function: 'cut', options: { 'cut.seconds': '4' } })
    expect(outcome.to).toBe('/objects/incoming?key=a%20b')
  })

  it('with options that are refused leads back to their form, and says why', async () => {
    const reprocess = () => Promise.reject(new RefusedError('impossible', 'options: "seconds": too small'))
    const form = formOf({ function: 'cut', 'option:cut.seconds': '0' }, { referer: 'http://localhost/x?y' })
    form.headers = { ...form.headers, host: 'localhost' } as typeof form.headers
    const outcome = await outcomeOf({ reprocess: { reprocess } }, '/objects/incoming/run?key=a', form)
    expect([outcome.to, outcome.notice]).toEqual(['/x?y', '!options: "seconds": too small'])
  })

  it('without its fields is refused in a sentence', async () => {
    const { calls, notice } = await outcomeOf(ANSWERS, '/objects/incoming/run', formOf())
    expect([calls, notice]).toEqual([[], expect.stringMatching(/^!keys\.0: /)])
  })

  it('in another form than ours is refused, and so is one of many megabytes', async () => {
    const { app } = createTestConsole(ANSWERS)
    const json = { ...formOf(), body: '{"run":["a"]}' }
    const { status } = await app.request('/runs/chosen', {
      ...json,
      headers: { ...json.headers, 'content-type': 'application/json' },
    })
    const large = formOf({ run: 'a'.repeat(5_000_000) })
    const length = { ...large.headers, 'content-length': '5000004' }
    expect([status, (await app.request('/runs/chosen', { ...large, headers: length })).status]).toEqual([
      415, 413,
    ])
  })

  it('says why it was refused also when that is long and not in Latin letters', async () => {
    const retry = () => Promise.reject(new RefusedError('conflict', `${'\u{1f3a5}ж'.repeat(900)}\ud800`))
    const { notice } = await outcomeOf({ runs: { retry } }, `/runs/${RUN_ID}/retry`, formOf())
    expect(notice).toMatch(/^!\u{1f3a5}ж.*…$/u)
    expect(encodeURIComponent(notice).length).toBeLessThan(3_600)
  })
})

describe('chosen runs', () => {
  const ids = ['a'.repeat(32), 'b'.repeat(32), 'c'.repeat(32)]
  const form = (what: string) => formOf({ run: [...ids, ...ids], do: what })

  it('are changed once each, and one that is refused holds up no other', async () => {
    const retry = (id: string) =>
      id === ids[1]
        ? Promise.reject(new RefusedError('conflict', 'run bbb is running'))
        : Promise.resolve(RUN)
    const { calls, notice } = await outcomeOf({ runs: { retry } }, '/runs/chosen', form('retry'))
    expect(calls.map(({ args }) => args)).toEqual(ids.map((id) => [id, { force: false }]))
    expect(notice).toBe('2 runs run again, behind uploads; 1 refused: run bbb is running')
  })

  it('are cancelled', async () => {
    const { calls, notice } = await outcomeOf(ANSWERS, '/runs/chosen', form('cancel'))
    expect(calls.map(({ name }) => name)).toEqual(['runs.cancel', 'runs.cancel', 'runs.cancel'])
    expect(notice).toBe('3 runs cancelled.')
  })

  it('that do not exist, or are all refused, count as a failure', async () => {
    const cancel = () => Promise.reject(new RefusedError('conflict', 'it has ended'))
    expect((await outcomeOf({ runs: { cancel } }, '/runs/chosen', form('cancel'))).notice).toMatch(
      /^!0 runs cancelled; 3 refused: it has ended$/,
    )
    expect((await outcomeOf(ANSWERS, '/runs/chosen', formOf())).notice).toBe('!no run was chosen')
  })
})
