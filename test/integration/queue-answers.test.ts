/** Answers to requests with an `Idempotency-Key`, in a real Redis whose replies get lost. */
import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { createAnswerStore, type AnswerStore, type BegunRequest } from '../../runtime/queue/answers.ts'
import { sleep } from '../../runtime/time.ts'
import { useLossyRedis } from '../helpers/queue.ts'

const used = useLossyRedis()
let prefix: string
let answers: AnswerStore
beforeEach(() => {
  prefix = `test-${randomUUID()}:`
  answers = createAnswerStore(used.redis, prefix)
})

const ANSWER = { status: 202, location: '/v1/jobs/1', body: '{}' }
const kindOf = async (hash = 'h', store = answers) => (await store.begin('k', hash)).kind

async function begun(store = answers): Promise<BegunRequest> {
  const found = await store.begin('k', 'h')
  if (found.kind !== 'begun') throw new Error(`the request is ${found.kind}`)
  return found
}

describe('a request', () => {
  it('is begun, also when the reply is lost and ioredis sends the command again', async () => {
    const before = used.proxy.lost
    used.proxy.loseReplies(1)
    await begun()
    expect(used.proxy.lost).toBe(before + 1)
    expect(await kindOf()).toBe('busy')
  })

  it('gets the kept answer, and is the only one with its key', async () => {
    const request = await begun()
    used.proxy.loseReplies(1)
    await request.keep(ANSWER)
    expect(await answers.begin('k', 'h')).toEqual({ kind: 'answered', answer: ANSWER })
    expect(await kindOf('other')).toBe('mismatch')
  })

  it('that was refused frees its key for any other', async () => {
    await (await begun()).forget()
    expect(await kindOf('other')).toBe('begun')
  })

  it('of unknown outcome leaves its key to the same request only', async () => {
    await (await begun()).doubt()
    expect(await kindOf('other')).toBe('mismatch')
    expect(await kindOf()).toBe('begun')
  })
})

describe('a request that was lost', () => {
  const SHORT = { underWayMs: 100, renewMs: 60_000 }

  it('does not touch what another has begun since', async () => {
    const late = await begun(createAnswerStore(used.redis, prefix, SHORT))
    await sleep(200)
    const next = await begun()
    await late.forget()
    expect(await kindOf()).toBe('busy')
    await late.keep(ANSWER)
    expect(await kindOf()).toBe('busy')
    await next.keep({ ...ANSWER, body: '2' })
    expect(await answers.begin('k', 'h')).toMatchObject({ answer: { body: '2' } })
  })
})

it('a request is in progress for as long as its handler runs, and no longer', async () => {
  const request = await begun(createAnswerStore(used.redis, prefix, { underWayMs: 300, renewMs: 50 }))
  await sleep(700)
  expect(await kindOf()).toBe('busy')
  await request.forget()
  expect(await kindOf()).toBe('begun')
})
