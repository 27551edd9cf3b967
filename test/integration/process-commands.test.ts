/** Commands that ask the runtime, as processes: what goes to which stream, and how they end. */
import { afterEach, expect, it } from 'vitest'
import { killMains, startMain } from '../helpers/main-process.ts'
import { startFakeApi, type FakeApi } from '../unit/cli/commands/fake-api.ts'

const RUN_ID = '0123456789abcdef0123456789abcdef'
let api: FakeApi | undefined
afterEach(async () => {
  killMains()
  await api?.stop()
})

it('an answer is on stdout alone, and the exit code is 0', async () => {
  api = await startFakeApi(() => ({ body: { summary: 'It was cut into 12 chunks.' } }))
  const { child, ended } = startMain(['why', 'incoming/a.mp4'], { SLUICE_API_URL: api.url })
  let errors = ''
  child.stderr?.on('data', (text: string) => (errors += text))
  let answer = ''
  child.stdout?.on('data', (text: string) => (answer += text))
  expect({ code: await ended, answer, errors }).toEqual({
    code: 0,
    answer: 'It was cut into 12 chunks.\n',
    errors: '',
  })
})

it('exit codes distinguish a refusal, wrong usage and a runtime that is away', async () => {
  api = await startFakeApi(() => ({ status: 404, body: { detail: 'there is no such run' } }))
  const refused = startMain(['cancel', RUN_ID], { SLUICE_API_URL: api.url })
  const misused = startMain(['redrive', 'clip.mp4'], {})
  const away = startMain(['cancel', RUN_ID], { SLUICE_API_URL: 'http://127.0.0.1:2' })
  expect(await Promise.all([refused.ended, misused.ended, away.ended])).toEqual([1, 2, 3])
  expect(refused.output()).toBe('sluice: there is no such run\n')
  expect(away.output()).toMatch(/127.0.0.1:2 does not answer \(ECONNREFUSED\)/)
})

it('a list ends silently when its reader closes the pipe', async () => {
  const object = { bucket: 'incoming', key: 'x'.repeat(500) }
  const run = { id: RUN_ID, status: 'dead', function: 'chunk', createdAt: '2026-11-23T10:00:00Z', object }
  const items = Array.from({ length: 1_000 }, () => run)
  api = await startFakeApi(() => ({ body: { items, nextCursor: 'more' } }))
  const main = startMain(['runs', '--all'], { SLUICE_API_URL: api.url })
  main.child.stdout?.once('data', () => main.child.stdout?.destroy())
  expect(await main.ended).toBe(0)
  expect(main.output()).not.toContain('EPIPE')
  expect(api.asked.length).toBeGreaterThan(0)
})
