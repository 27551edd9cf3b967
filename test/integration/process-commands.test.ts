/** `sluice redrive` and `sluice cancel`, as an operator calls them, on a real Redis. */
import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { killMains, startMain } from '../helpers/main-process.ts'
import { BURIED, jobOf, useQueue } from '../helpers/queue.ts'

const used = useQueue()
afterEach(killMains)

const newId = () => randomBytes(16).toString('hex')

async function sluice(...args: string[]) {
  const { host, port } = used.redis.options
  const main = startMain(args, {
    REDIS_URL: `redis://${host}:${port}`,
    SLUICE_NAME: used.queue.keys.prefix.slice(1, -2),
  })
  return { code: await main.ended, output: main.output() }
}

describe('redrive', () => {
  it('runs a dead letter again', async () => {
    const id = newId()
    await used.queue.enqueue(jobOf(id))
    const [claim] = (await used.queue.claim('a')).claims
    if (!claim) throw new Error('nothing was claimed')
    await used.queue.settle(claim, BURIED)
    expect(await sluice('redrive', id)).toEqual({ code: 0, output: expect.stringContaining('queued again') })
    expect(await used.queue.run(id)).toMatchObject({ state: 'queued', trigger: 'redrive', attempts: 0 })
  })

  it('says what a run is that is no dead letter', async () => {
    const id = newId()
    await used.queue.enqueue(jobOf(id))
    expect(await sluice('redrive', id)).toEqual({
      code: 1,
      output: expect.stringContaining(`cut for incoming/${id}.mp4 is queued`),
    })
    expect(await sluice('redrive', newId())).toMatchObject({
      code: 1,
      output: expect.stringContaining('no such run'),
    })
  })
})

describe('cancel', () => {
  it('ends a run that waits, and once', async () => {
    const id = newId()
    await used.queue.enqueue(jobOf(id))
    expect(await sluice('cancel', id)).toEqual({ code: 0, output: `run ${id} is cancelled\n` })
    expect(await used.queue.run(id)).toMatchObject({ state: 'cancelled' })
  })
})

it('exit codes tell wrong usage from a Redis that is away', async () => {
  expect(await startMain(['redrive', 'clip.mp4'], {}).ended).toBe(2)
  const away = startMain(['cancel', newId()], { REDIS_URL: 'redis://:a-password@127.0.0.1:1' })
  expect(await away.ended).toBe(3)
  expect(away.output()).toMatch(/Redis at 127.0.0.1:1 .*ECONNREFUSED/)
  expect(away.output()).not.toContain('a-password')
})
