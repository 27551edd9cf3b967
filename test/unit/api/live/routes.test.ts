import { beforeEach, describe, expect, it } from 'vitest'
import type { Hub, Watcher } from '../../../../runtime/api/live/hub.ts'
import { createLiveService } from '../../../../runtime/api/live/service.ts'
import type { Run } from '../../../../runtime/api/runs/model.ts'
import { createLogger } from '../../../../runtime/telemetry/logger.ts'
import { RUN, RUN_ID } from '../examples.ts'
import { createTestApi } from '../test-api.ts'

let watchers: { watcher: Watcher; request: unknown; isStopped: boolean }[]
let isFull: boolean
let run: Run | undefined
beforeEach(() => {
  watchers = []
  isFull = false
  run = { ...RUN, status: 'running' }
})

const hub: Hub = {
  watch(watcher, request) {
    if (isFull) return undefined
    const entry = { watcher, request, isStopped: false }
    watchers.push(entry)
    return () => {
      entry.isStopped = true
    }
  },
  close: () => undefined,
}
const live = createLiveService({
  hub,
  runs: { facts: () => Promise.resolve(run) },
  log: createLogger({ level: 'silent', format: 'json' }),
})
const ask = (path: string, init: RequestInit = {}) => createTestApi({ live }).app.request(path, init)
const change = {
  runs: [{ runId: RUN_ID, functionName: 'cut', state: 'dead', objectId: 'o' }],
  others: [],
  hasMore: false,
} as const
const only = () => watchers[0]!
/** All that was sent, as `name data`. */
async function eventsOf(response: Response): Promise<string[]> {
  const text = await response.text()
  return [...text.matchAll(/^event: (\w+)\n(?:id: \d+\n)?data: (.*)$/gm)].map(
    ([, name, data]) => `${name} ${data}`,
  )
}

describe('/v1/live', () => {
  it('tells of what is asked for, from where the reader has left off', async () => {
    const response = await ask('/v1/live?about=function%3Acut', { headers: { 'last-event-id': '5' } })
    expect([response.status, only().request]).toEqual([200, { sinceId: '5' }])
    only().watcher.onOpen('6')
    only().watcher.onChanges(change, '7')
    only().watcher.onChanges({ ...change, runs: [] }, '8')
    only().watcher.onChanges({ ...change, runs: [], hasMore: true }, '9')
    only().watcher.onEnd()
    expect(await eventsOf(response)).toEqual([
      'ready {}',
      `change {"runs":[{"id":"${RUN_ID}","function":"cut","status":"dead"}],"functions":[],"streams":[],"jobs":[],"more":false}`,
      'change {"runs":[],"functions":[],"streams":[],"jobs":[],"more":true}',
    ])
    expect(only().isStopped).toBe(true)
  })

  it('begins where the query says in a first request', async () => {
    await ask('/v1/live?since=3')
    expect(only().request).toEqual({ sinceId: '3' })
  })

  it('names 50 runs at most', async () => {
    const response = await ask('/v1/live')
    only().watcher.onChanges({ ...change, runs: Array.from({ length: 51 }, () => change.runs[0]) }, '7')
    only().watcher.onEnd()
    const [text = ''] = await eventsOf(response)
    const data = JSON.parse(text.slice('change '.length)) as { runs: unknown[]; more: boolean }
    expect([data.runs.length, data.more]).toEqual([50, true])
  })

  it('refuses what it does not know, and too many readers', async () => {
    expect((await ask('/v1/live?about=everything')).status).toBe(422)
    isFull = true
    const full = await ask('/v1/live')
    expect([full.status, full.headers.get('retry-after')]).toEqual([503, '10'])
  })

  it('watches nothing for a reader of headers', async () => {
    const head = await ask('/v1/live', { method: 'HEAD' })
    expect([head.status, head.headers.get('content-type'), watchers.length]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
      0,
    ])
  })

  it('stops when the reader goes', async () => {
    const response = await ask('/v1/live')
    await response.body?.cancel()
    expect(only().isStopped).toBe(true)
  })
})

describe('/v1/runs/{id}/events', () => {
  const follow = (headers = {}) => ask(`/v1/runs/${RUN_ID}/events`, { headers })
  const settled = () => new Promise((resolve) => setImmediate(resolve))

  it('tells a status, what moves, the lines of the tool and the end, each once', async () => {
    const response = await follow()
    const { watcher, request } = only()
    expect(request).toEqual({ runId: RUN_ID })
    watcher.onOpen('1')
    await settled()
    watcher.onChanges({ ...change, runs: [{ ...change.runs[0], runId: 'another' }] }, '2')
    watcher.onChanges(change, '2')
    await settled()
    run = { ...RUN, status: 'running', progress: { percent: 7 } }
    watcher.onChanges(change, '3')
    await settled()
    watcher.onLines?.(['frame=1'])
    run = { ...RUN, status: 'succeeded', endedAt: '2026-01-02T03:04:05.678Z' }
    watcher.onChanges(change, '4')
    await settled()
    const events = await eventsOf(response)
    expect(events.map((text) => text.replace(/^status .*"status":"(\w+)".*/, 'status $1'))).toEqual([
      'status running',
      'progress {"percent":7}',
      'log {"lines":["frame=1"]}',
      'status succeeded',
    ])
    expect(only().isStopped).toBe(true)
  })

  it('tells a browser that has heard the end to come back no more', async () => {
    run = { ...RUN, status: 'dead', endedAt: '2026-01-02T03:04:05.678Z' }
    const told = Date.parse('2026-01-02T03:04:05.678Z')
    expect((await follow({ 'last-event-id': String(told) })).status).toBe(204)
    const again = await follow({ 'last-event-id': String(told - 1) })
    only().watcher.onOpen(String(told - 1))
    expect(await again.text()).toContain(`event: status\nid: ${told}\n`)
  })

  it('ends with a run that is forgotten, and knows no other', async () => {
    const response = await follow()
    run = undefined
    only().watcher.onOpen('1')
    expect(await eventsOf(response)).toEqual([])
    expect((await follow()).status).toBe(404)
  })
})
