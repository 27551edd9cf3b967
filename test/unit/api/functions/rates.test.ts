import { expect, it } from 'vitest'
import { createFunctionService, type FunctionParts } from '../../../../runtime/api/functions/service.ts'
import type { Backlog } from '../../../../runtime/queue/backlog.ts'
import type { Queue } from '../../../../runtime/queue/queue.ts'
import type { MinuteTally } from '../../../../runtime/queue/tallies.ts'
import type { LimitStore } from '../../../../runtime/records/limits.ts'
import { NO_LIMITS } from '../../../../runtime/queue/limits.ts'
import type { Storage } from '../../../../runtime/storage/storage.ts'
import { functionNamed, only } from '../objects/facts.ts'
import { FUNCTION } from '../examples.ts'
import { createTestApi } from '../test-api.ts'

/** The minute that began at 00:59 of 1970. */
const LAST_MINUTE = 59
const asked: number[] = []
const service = createFunctionService(
  only<FunctionParts>({
    functions: [functionNamed('cut')],
    config: { functionOptions: {} },
    backlog: only<Backlog>({
      ofFunctions: () =>
        Promise.resolve(new Map([['cut', { live: 0, low: 0, solo: 0, running: 0, open: 0, dead: 0 }]])),
    }),
    queue: only<Queue>({ workers: () => Promise.resolve(1) }),
    limits: only<LimitStore>({ read: () => Promise.resolve(NO_LIMITS) }),
    storage: only<Storage>({ list: () => (async function* () {})() }),
    tallies: {
      read(names, minutes) {
        asked.push(minutes)
        const perMinute: MinuteTally[] = Array.from({ length: minutes }, (_, at) => ({
          done: at === minutes - 1 ? 5 : 1,
          failed: 0,
          dead: at === 0 ? 1 : 0,
        }))
        return Promise.resolve({
          lastMinute: LAST_MINUTE,
          tallies: new Map(names.map((name) => [name, perMinute])),
        })
      },
    },
  }),
)

it('a function tells how its attempts of the last hour ended, minute by minute', async () => {
  const { lastHour, rates } = (await service.get('cut'))!
  expect([lastHour.since, lastHour.done, lastHour.failed, lastHour.dead]).toEqual([
    '1970-01-01T00:00:00.000Z',
    64,
    0,
    1,
  ])
  expect([lastHour.perMinute.length, lastHour.perMinute[0], lastHour.perMinute[59]]).toEqual([
    60,
    [1, 0, 1],
    [5, 0, 0],
  ])
  expect(rates).toBeUndefined()
})

it('and of as many minutes as are asked for, in one look at the tallies', async () => {
  asked.length = 0
  const [view] = await service.list(90)
  expect([asked, view?.lastHour.dead, view?.rates?.dead, view?.rates?.perMinute.length]).toEqual([
    [90],
    0,
    1,
    90,
  ])
  const [short] = await service.list(2)
  expect([asked.at(-1), short?.rates]).toEqual([
    60,
    {
      since: '1970-01-01T00:58:00.000Z',
      done: 6,
      failed: 0,
      dead: 0,
      perMinute: [
        [1, 0, 0],
        [5, 0, 0],
      ],
    },
  ])
})

it('the route takes up to a day', async () => {
  const { app, calls } = createTestApi({
    functions: { list: () => Promise.resolve([FUNCTION]), get: () => Promise.resolve(FUNCTION) },
  })
  const statusOf = async (path: string) => (await app.request(path)).status
  expect(await statusOf('/v1/functions?rates=1440')).toBe(200)
  expect(await statusOf('/v1/functions/cut?rates=5')).toBe(200)
  expect(await statusOf('/v1/functions')).toBe(200)
  for (const wrong of ['0', '1441', 'a', '']) expect(await statusOf(`/v1/functions?rates=${wrong}`)).toBe(400)
  expect(calls.map(({ args }) => args)).toEqual([[1440], ['cut', 5], [undefined]])
})
