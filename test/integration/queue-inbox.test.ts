import { describe, expect, it } from 'vitest'
import { TEXT_MAX_BYTES } from '../../runtime/queue/inbox.ts'
import { NOTHING, useQueue } from '../helpers/queue.ts'

const used = useQueue()
const push = (...texts: string[]) => used.redis.rpush(used.queue.keys.inbox, ...texts)
const read = async (process: string, intake = 'here') => {
  const { texts, setAside } = await used.queue.readInbox({ intake, process })
  return { texts: texts.map(String), setAside }
}
const admit = (texts: readonly string[], intake = 'here') =>
  used.queue.admit({ ...NOTHING, raws: texts.map((text) => Buffer.from(text)), intake })
const left = () => used.redis.lrange(used.queue.keys.inbox, 0, -1)
const kept = async () => {
  const entries = await used.redis.xrange(used.queue.keys.bad, '-', '+')
  return entries.map(([, [, raw, , reason, , bytes]]) => ({ raw, reason, bytes }))
}
/** A process that reads and is never heard of again. */
const died = async (process: string) => (await read(process)).texts

describe('the head of the inbox', () => {
  it('is read in batches of so many texts and so many bytes, and stays where it is', async () => {
    const short = Array.from({ length: 70 }, (_, index) => `text ${index}`)
    await push(...short)
    expect(await read('p')).toEqual({ texts: short.slice(0, 64), setAside: [] })
    await used.redis.del(used.queue.keys.inbox)
    const long = ['a', 'b', 'c'].map((char) => char.repeat(TEXT_MAX_BYTES / 2))
    await push(...long)
    expect((await read('p')).texts.map((text) => text.length)).toEqual([
      TEXT_MAX_BYTES / 2,
      TEXT_MAX_BYTES / 2,
    ])
    expect(await left()).toHaveLength(3)
  })

  it('is set aside when it is longer than a notification, with its size and its beginning; what is behind it is read', async () => {
    await push(
      'x'.repeat(TEXT_MAX_BYTES),
      'y'.repeat(TEXT_MAX_BYTES + 1),
      'z'.repeat(TEXT_MAX_BYTES + 2),
      'behind',
    )
    const first = await read('p')
    expect(first.texts.map((text) => text.length)).toEqual([TEXT_MAX_BYTES])
    await admit(first.texts)
    const next = await read('p')
    expect(next.texts).toEqual(['behind'])
    expect(next.setAside).toEqual([
      `too long: ${TEXT_MAX_BYTES + 1} bytes, and a notification has at most ${TEXT_MAX_BYTES}`,
      `too long: ${TEXT_MAX_BYTES + 2} bytes, and a notification has at most ${TEXT_MAX_BYTES}`,
    ])
    expect(await kept()).toMatchObject([
      { raw: 'y'.repeat(1_024), bytes: String(TEXT_MAX_BYTES + 1) },
      { raw: 'z'.repeat(1_024), bytes: String(TEXT_MAX_BYTES + 2) },
    ])
    expect(await left()).toEqual(['behind'])
  })
})

describe('a text of which processes die', () => {
  it('is found in a batch, set aside unread after three more, and all others are read', async () => {
    await push('first', 'poison', 'poison', 'last')
    expect(await died('p1')).toEqual(['first', 'poison', 'poison', 'last'])
    // One at a time now.
    expect((await read('p2')).texts).toEqual(['first'])
    await admit(['first'])
    expect(await died('p2')).toEqual(['poison'])
    expect(await died('p3')).toEqual(['poison'])
    expect(await died('p4')).toEqual(['poison'])
    // The copy by the other target is known by it.
    const reason = 'deadly: 3 processes ended while they read it'
    expect(await read('p5')).toEqual({ texts: ['last'], setAside: [reason, reason] })
    expect(await kept()).toMatchObject([
      { raw: 'poison', reason },
      { raw: 'poison', reason },
    ])
    await admit(['last'])
    expect(await used.redis.exists(used.queue.keys.reading)).toBe(0)
  })

  it('is not one while its process lives, whatever goes wrong', async () => {
    await push('text')
    for (let turn = 0; turn < 9; turn++) expect(await read('p')).toEqual({ texts: ['text'], setAside: [] })
  })

  it('is not one when the intake has left it, or has processed it', async () => {
    for (let turn = 0; turn < 5; turn++) {
      await push('text')
      expect(await read(`left ${turn}`)).toEqual({ texts: ['text'], setAside: [] })
      await used.queue.leaveInbox('here')
      expect(await read(`dealt ${turn}`)).toEqual({ texts: ['text'], setAside: [] })
      await admit(['text'])
    }
    expect(await used.redis.exists(used.queue.keys.reading)).toBe(0)
  })

  it("is another intake's own affair, until that one is gone for good", async () => {
    await push('text', 'more')
    for (const process of ['p1', 'p2', 'p3']) await read(process, 'another')
    expect(await read('p', 'here')).toEqual({ texts: ['text', 'more'], setAside: [] })
    await used.queue.leaveInbox('here')
    const mark = JSON.parse((await used.redis.hget(used.queue.keys.reading, 'another')) ?? '')
    await used.redis.hset(
      used.queue.keys.reading,
      'another',
      JSON.stringify({ ...mark, at: mark.at - 60_001 }),
    )
    expect((await read('p', 'here')).texts).toEqual(['text'])
    expect(await used.redis.hkeys(used.queue.keys.reading)).toEqual(['here'])
  })
})

it('those who only look are shown the newest texts of a usual length, and whether the head is another one', async () => {
  expect(await used.queue.lookIntoInbox(2)).toEqual({ headPrint: '', newest: [] })
  await push('x'.repeat(TEXT_MAX_BYTES * 4), 'a', 'y'.repeat(16_385), 'b')
  const first = await used.queue.lookIntoInbox(2)
  expect(first.newest).toEqual(['b'])
  expect(await used.queue.lookIntoInbox(9)).toEqual({ headPrint: first.headPrint, newest: ['a', 'b'] })
  await used.redis.lpop(used.queue.keys.inbox)
  const next = await used.queue.lookIntoInbox(0)
  expect(next.newest).toEqual([])
  expect(next.headPrint).not.toBe(first.headPrint)
  expect(await left()).toHaveLength(3)
})
