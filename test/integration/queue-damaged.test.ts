/** Runs whose record in Redis is damaged: each is read or set aside with the reason, and keeps no other run waiting. */
import { beforeEach, describe, expect, it } from 'vitest'
import { createBacklog } from '../../runtime/queue/backlog.ts'
import { createHistory } from '../../runtime/queue/history.ts'
import type { Claim } from '../../runtime/queue/run.ts'
import { owedVerdicts } from '../helpers/debts.ts'
import { BURIED, FAILED, FN, newRunOf, NOTHING, useQueue } from '../helpers/queue.ts'

const used = useQueue()
const DONE = { kind: 'complete', result: '{}' } as const
const ids = (claims: readonly Pick<Claim, 'runId'>[]) => claims.map(({ runId }) => runId)
const key = () => used.queue.keys.run('broken')
const state = async () => (await used.redis.hget(key(), 's')) ?? ''
const aside = async () =>
  (await used.redis.xrange(used.queue.keys.aside, '-', '+')).map(([, fields]) => ({
    kind: fields[1],
    text: fields[3],
    reason: fields[5],
  }))

beforeEach(() => used.queue.enqueue(newRunOf('broken'), newRunOf('whole')))

/** What somebody, or a cut append-only file, may have made of a run's hash, and what its reason says then. */
const DAMAGES: Readonly<Record<string, readonly [damage: () => Promise<unknown>, reason: RegExp]>> = {
  'a state with a field too few': [
    async () => used.redis.hset(key(), 's', (await state()).replace(/,[^,]*$/, '')),
    /^its state cannot be read: ql/,
  ],
  'a state with a letter that no release knows': [
    async () => used.redis.hset(key(), 's', (await state()).replace(/^./, 'z')),
    /^its state cannot be read: z/,
  ],
  'a state that is no such text': [() => used.redis.hset(key(), 's', ''), /^its state cannot be read: $/],
  'a text in its place': [() => used.redis.set(key(), 'nothing'), /^its key in Redis is of another type/],
  'a list in its place': [
    async () => {
      await used.redis.del(key())
      await used.redis.rpush(key(), 'nothing')
    },
    /^its key in Redis is of another type/,
  ],
  'half of its fields': [() => used.redis.hdel(key(), 'fn', 'object'), /^half of it is gone/],
}

describe.each(Object.entries(DAMAGES))('%s', (_, [damage, reason]) => {
  beforeEach(damage)

  it('is set aside by the claim that meets it, which starts the runs behind it', async () => {
    expect(ids((await used.queue.claim('w', 9)).claims)).toEqual(['whole'])
    expect(await aside()).toEqual([{ kind: 'run', text: 'broken', reason: expect.stringMatching(reason) }])
    expect(await used.queue.run('broken')).toBeUndefined()
    // As any object that Redis knows nothing of.
    expect(await used.queue.enqueue(newRunOf('broken'))).toEqual(['new'])
    expect(ids((await used.queue.claim('w', 9)).claims)).toEqual(['broken'])
  })

  it('is set aside by the repair', async () => {
    expect(await used.queue.repair(['broken', 'whole'], true)).toEqual(['gone', 'ok'])
    expect(await aside()).toEqual([])
    expect(await used.queue.repair(['broken', 'whole'])).toEqual(['gone', 'ok'])
    expect(await aside()).toMatchObject([{ text: 'broken' }])
  })

  it('runs from the start when its object is announced again', async () => {
    await used.queue.enqueue(newRunOf('broken'))
    const { claims } = await used.queue.claim('w', 9)
    expect(ids(claims).toSorted()).toEqual(['broken', 'whole'])
    for (const claim of claims) expect(await used.queue.settle(claim, DONE)).toBe('succeeded')
  })

  it('spoils no list and no count', async () => {
    const history = createHistory(used.redis, used.queue.keys)
    const listed = await history.list({ filter: { prefix: '' }, limit: 10 })
    expect(listed.runs.map(({ runId }) => runId)).toEqual(['whole'])
    expect(await history.states(['broken', 'whole'])).toMatchObject([undefined, { state: 'queued' }])
    expect((await history.runs(['broken', 'whole'])).map((run) => run?.runId)).toEqual([undefined, 'whole'])
    expect(await used.queue.cancel('whole')).toBe('cancelled')
  })
})

it('is set aside when its retry is due and nobody can read its state', async () => {
  await used.queue.cancel('whole')
  const [claim] = (await used.queue.claim('w')).claims
  await used.queue.settle(claim!, FAILED)
  await used.redis.hset(key(), 's', 'wlu,1')
  await used.queue.promote(10)
  expect(await aside()).toMatchObject([{ text: 'broken', reason: 'its state cannot be read: wlu,1' }])
  expect(await used.redis.zcard(used.queue.keys.delay)).toBe(0)
})

describe('a payload that nobody can read', () => {
  it.each([
    ['is cut off', () => used.redis.hset(key(), 'p0', '["incoming","broken')],
    ['has too few members', () => used.redis.hset(key(), 'p0', '["incoming","broken.mp4"]')],
    ['is no list', () => used.redis.hset(key(), 'p0', '7')],
    ['names no object', () => used.redis.hset(key(), 'p0', '["incoming",7,1,"e",1,1,0]')],
    ['is gone', () => used.redis.hdel(key(), 'p0')],
  ])('that %s is set aside at once, and the turn has its other claims', async (_, damage) => {
    await damage()
    const history = createHistory(used.redis, used.queue.keys)
    expect(ids((await history.list({ filter: {}, limit: 9 })).runs)).toEqual(['whole'])
    expect(await history.unreadable(['broken', 'whole', 'unknown'])).toEqual(
      new Map([['broken', expect.stringMatching(/./)]]),
    )
    const { claims } = await used.queue.claim('w', 9)
    expect(ids(claims)).toEqual(['whole'])
    expect(await used.queue.settle(claims[0]!, DONE)).toBe('succeeded')
    const reason = expect.stringMatching(/^its payload in Redis cannot be read: /)
    expect(await aside()).toEqual([{ kind: 'run', text: 'broken', reason }])
    expect(await owedVerdicts(used)).toEqual([])
    expect(ids((await used.queue.claim('w', 9)).claims)).toEqual([])
    // The sweep finds an object without a run.
    expect(await history.states(['broken'])).toEqual([undefined])
    expect(await used.queue.enqueue(newRunOf('broken'))).toEqual(['new'])
    expect(ids((await used.queue.claim('w', 9)).claims)).toEqual(['broken'])
  })
})

describe('a key of another type', () => {
  const overwrite = async (name: string) => {
    await used.redis.del(name)
    await used.redis.set(name, 'nothing')
  }

  it('in place of a run in progress costs its worker that run alone', async () => {
    const { claims } = await used.queue.claim('w', 9)
    await overwrite(key())
    expect(await used.queue.heartbeat('w', claims)).toEqual(['lost', 'ok'])
    const reply = await used.queue.turn({
      consumer: 'w',
      token: 'settles',
      inFlight: 0,
      settlements: claims.map(({ runId, fence, token }) => ({ runId, fence, token, ...DONE })),
      wants: [],
    })
    expect(reply.settled).toEqual(['fenced', 'succeeded'])
    expect(await used.queue.takeBack(0)).toEqual([])
    expect(await aside()).toMatchObject([{ text: 'broken' }])
    expect(await used.queue.run('broken')).toBeUndefined()
  })

  it('in place of a run that waits for its retry is passed over where retries are counted', async () => {
    const [claim] = (await used.queue.claim('w')).claims
    await used.queue.settle(claim!, FAILED)
    await overwrite(key())
    const backlog = createBacklog(used.redis, used.queue.keys)
    expect((await backlog.ofFunctions([FN])).get(FN)).toMatchObject({ live: 1, open: 1 })
    expect(await used.queue.running(FN)).toEqual([])
    await used.queue.promote(10)
    expect(await aside()).toMatchObject([{ text: 'broken' }])
  })

  it('in place of a dead letter is found by no search, and no debt of it holds up the others', async () => {
    const { claims } = await used.queue.claim('w', 9)
    for (const claim of claims) await used.queue.settle(claim, BURIED)
    await overwrite(key())
    const history = createHistory(used.redis, used.queue.keys)
    const found = []
    for await (const batch of history.walkDeadLetters({ functionNames: [FN], filter: {} }))
      found.push(...ids(batch))
    expect(found).toEqual(['whole'])
    const functions = [{ name: FN, bucket: 'incoming', afterSuccess: 'keep' as const }]
    const asked = { kinds: ['verdict' as const], functions, count: 9, forMs: 1_000, leaveMs: 0 }
    const { debts } = await used.queue.claimDebts(asked)
    expect(debts.map(({ text }) => text)).toEqual(['["verdict","broken"]', '["verdict","whole"]'])
    await expect(used.queue.run('broken')).rejects.toThrow(SyntaxError)
    for (const { text } of debts) await used.queue.debtPaid(text)
    expect((await used.queue.prune(0, 0, 10, 0)).forgotten).toBe(2)
    expect(await used.redis.exists(key())).toBe(0)
  })

  it('in place of what is beside a run makes way for what its attempts leave there', async () => {
    const { keys } = used.queue
    const [claim] = (await used.queue.claim('w')).claims
    for (const name of [keys.texts('broken'), keys.tries('broken')]) await overwrite(name)
    for (const name of [keys.open('object-of-broken'), keys.failed('object-of-broken')]) await overwrite(name)
    const long = 'x'.repeat(500)
    expect(await used.queue.settle(claim!, { ...FAILED, error: long })).toBe('retrying')
    const history = createHistory(used.redis, keys)
    expect(await history.tries('broken')).toMatchObject([{ error: long }])
    await used.queue.promote(10)
    const again = (await used.queue.claim('w', 9)).claims.find(({ runId }) => runId === 'broken')
    expect(await used.queue.settle(again!, { ...BURIED, error: long })).toBe('dead')
    expect(await used.queue.run('broken')).toMatchObject({ state: 'dead', error: long })
  })

  it('in place of the dead letters of a function stops no search, and makes way for the next letter', async () => {
    const { keys } = used.queue
    const [first, second] = (await used.queue.claim('w', 9)).claims
    await used.queue.settle(first!, BURIED)
    await overwrite(keys.dead(FN))
    const history = createHistory(used.redis, keys)
    const request = { functionNames: [FN], filter: {}, limit: 9 }
    expect((await history.deadLetters(request)).runs).toEqual([])
    expect(await used.queue.purge([first!.runId])).toBe(0)
    expect(await used.queue.redrive(first!.runId)).toBe(true)
    expect(await used.queue.settle(second!, BURIED)).toBe('dead')
    expect(ids((await history.deadLetters(request)).runs)).toEqual([second!.runId])
  })

  it('in place of the list of what is set aside keeps no run from being forgotten', async () => {
    await overwrite(key())
    await overwrite(used.queue.keys.aside)
    expect(ids((await used.queue.claim('w', 9)).claims)).toEqual(['whole'])
    expect(await used.queue.run('broken')).toBeUndefined()
  })
})

it.each(['["incoming"]', '["incoming","broken.mp4"]', '["incoming",7,1,"e",1,1,0]', '{"bucket":"incoming"}'])(
  'a payload as %s spoils no search, neither among runs nor among dead letters with their sizes',
  async (text) => {
    const { claims } = await used.queue.claim('w', 9)
    await used.redis.hset(key(), 'p0', text)
    const history = createHistory(used.redis, used.queue.keys)
    for (const filter of [{ bucket: 'incoming' }, { bucket: 'incoming', prefix: 'whole' }]) {
      const listed = await history.list({ filter, limit: 10 })
      expect(listed.runs.map(({ runId }) => runId)).toEqual(['whole'])
    }
    for (const claim of claims) await used.queue.settle(claim, BURIED)
    const found = []
    for await (const batch of history.walkDeadLetters({ functionNames: [FN], filter: {} }))
      found.push(...batch)
    expect(found.toSorted((a, b) => (a.runId < b.runId ? -1 : 1))).toEqual([
      { runId: 'broken', functionName: FN, sizeBytes: 0 },
      { runId: 'whole', functionName: FN, sizeBytes: newRunOf('whole').payload.sizeBytes },
    ])
  },
)

describe('a run that has ended and whose payload cannot be read', () => {
  it.each([
    ['is gone', undefined],
    ['is cut off', '["incoming","broken'],
    ['has too few members', '["incoming","broken.mp4"]'],
    ['names no object', '{"bucket":"incoming"}'],
  ])('since it %s is set aside by the repair, with the debt of its verdict', async (_, text) => {
    const { claims } = await used.queue.claim('w', 9)
    for (const claim of claims) await used.queue.settle(claim, BURIED)
    await (text === undefined ? used.redis.hdel(key(), 'p0') : used.redis.hset(key(), 'p0', text))
    expect(await used.queue.repair(['broken', 'whole'])).toEqual(['gone', 'ok'])
    const reason = 'its payload in Redis cannot be read'
    expect(await aside()).toEqual([{ kind: 'run', text: 'broken', reason }])
    expect(await owedVerdicts(used)).toEqual(['whole'])
    expect(await used.redis.xlen(used.queue.keys.dead(FN))).toBe(1)
    expect(await used.queue.enqueue(newRunOf('broken'))).toEqual(['new'])
  })

  it('is left alone while it runs, since it may still commit', async () => {
    const { claims } = await used.queue.claim('w', 9)
    await used.redis.hdel(key(), 'p0')
    expect(await used.queue.repair(['broken', 'whole'])).toEqual(['ok', 'ok'])
    for (const claim of claims) expect(await used.queue.settle(claim, DONE)).toBe('succeeded')
  })

  it('is not one whose options have half a character, or whose payload is that of the release before', async () => {
    const { payload } = newRunOf('half')
    await used.queue.enqueue(newRunOf('half', { payload: { ...payload, options: { title: '\ud83c' } } }))
    await used.redis.hset(key(), 'p0', JSON.stringify(payload))
    expect(await used.queue.repair(['half', 'broken'])).toEqual(['ok', 'ok'])
  })
})

describe('long and foreign texts', () => {
  const foreign = 'é'.repeat(31) + '視頻🎬'.repeat(9)

  it.each([
    ['short', 'a.mp4'],
    ['that ends between pieces', 'a'.repeat(128)],
    ['of characters of two, three and four bytes', foreign],
    ['of the greatest length', 'é'.repeat(512)],
  ])('a key %s is claimed and listed as it was announced', async (_, name) => {
    const run = newRunOf('named', {
      payload: { ...newRunOf('x').payload, key: name, options: { title: foreign } },
    })
    await used.queue.enqueue(run)
    expect((await used.queue.run('named'))!.payload).toEqual(run.payload)
    const { claims } = await used.queue.claim('w', 9)
    expect(claims.find(({ runId }) => runId === 'named')!.payload).toEqual(run.payload)
    const history = createHistory(used.redis, used.queue.keys)
    const filter = { bucket: 'incoming', prefix: name.slice(0, 40) }
    expect((await history.list({ filter, limit: 10 })).runs.some(({ runId }) => runId === 'named')).toBe(true)
  })

  it.each([
    ['long', 'short'],
    ['short', 'long'],
  ] as const)('a %s payload makes way for a %s one when the run is run again', async (from, to) => {
    const payloads = {
      short: newRunOf('x').payload,
      long: { ...newRunOf('x').payload, key: 'é'.repeat(512) },
    }
    await used.queue.enqueue(newRunOf('again', { payload: payloads[from] }))
    const items = [{ runId: 'again', functionName: FN, objectId: 'object-of-again', payload: payloads[to] }]
    await used.queue.rerun({ trigger: 'reprocess', isForced: true, items })
    expect((await used.queue.run('again'))!.payload).toEqual(payloads[to])
    const { claims } = await used.queue.claim('w', 9)
    expect(claims.find(({ runId }) => runId === 'again')!.payload).toEqual(payloads[to])
  })

  it('keep the hash of a run compact, and go with what they tell of', async () => {
    const { queue, redis } = used
    const encoding = async () => redis.object('ENCODING', key())
    const long = 'x'.repeat(500)
    const [claim] = (await queue.claim('w')).claims
    await queue.heartbeat('w', [{ ...claim!, progress: JSON.stringify({ percent: 1, words: long }) }])
    expect(await queue.run('broken')).toMatchObject({ progress: { percent: 1 } })
    expect(await queue.settle(claim!, { ...FAILED, error: long, lines: long })).toBe('retrying')
    expect(await queue.run('broken')).toMatchObject({ error: long, lines: long })
    await queue.promote(1)
    const [again] = (await queue.claim('w', 9)).claims.filter(({ runId }) => runId === 'broken')
    expect(await queue.settle(again!, { kind: 'complete', result: JSON.stringify({ long }) })).toBe(
      'succeeded',
    )
    const run = (await queue.run('broken'))!
    expect(JSON.parse(run.result!)).toEqual({ long })
    for (const gone of ['error', 'lines', 'reason', 'progress']) expect(run).not.toHaveProperty(gone)
    expect(['listpack', 'ziplist']).toContain(await encoding())
    await queue.rerun({ trigger: 'reprocess', isForced: false, items: [{ runId: 'broken' }] })
    expect(await queue.run('broken')).not.toHaveProperty('result')
    const [last] = (await queue.claim('w', 9)).claims
    await queue.settle(last!, { ...BURIED, error: long })
    await queue.verdictWritten((await queue.run('broken'))!)
    await queue.prune(0, 0, 10, 0)
    expect(await redis.exists(key(), queue.keys.texts('broken'), queue.keys.tries('broken'))).toBe(0)
  })
})

it('takes what is left of a run for nothing', async () => {
  await used.redis.hdel(key(), 's')
  await used.redis.hset(key(), 'p1', 'of a longer one', 'letter', '1-1', 'result', 'old')
  expect(await used.queue.admit({ ...NOTHING, runs: [newRunOf('broken')] })).toEqual(['new'])
  expect(await used.queue.run('broken')).not.toHaveProperty('result')
  expect(ids((await used.queue.claim('w', 9)).claims).toSorted()).toEqual(['broken', 'whole'])
  expect(FN).toBe((await used.queue.run('broken'))!.functionName)
})
