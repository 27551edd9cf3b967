/** The engine of reception, with a real MinIO and Redis. */
import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { joinKey, playlistKey } from '../../runtime/reception/names.ts'
import { parseSessionRecord } from '../../runtime/reception/session/session-record.ts'
import { sleep } from '../../runtime/time.ts'
import { listed } from '../helpers/listed.ts'
import { feed, senderOf, startEngineServers, type EngineServers } from '../helpers/streams/engine.ts'
import { waitFor } from '../helpers/wait.ts'

let servers: EngineServers
beforeAll(async () => {
  servers = await startEngineServers()
})
afterAll(() => servers?.stop())

const uris = (playlist: string) => playlist.split('\n').filter((line) => /^[^#]/.test(line))

describe('a sender that finishes', () => {
  it('leaves its pieces, a playlist of all of them, a record, and nothing on disk', async () => {
    const { reception, spoolDir } = await servers.start(servers.store())
    const sent = await feed(reception, senderOf('cam'))
    await sent.push(3)
    await sent.open(1.5)
    expect(await sent.end()).toMatchObject({
      session: sent.of.session,
      pieces: 4,
      seconds: 13.5,
      droppedSeconds: 0,
    })
    expect(await servers.pieces(sent.of)).toEqual([
      '001-000000.ts',
      '001-000001.ts',
      '001-000002.ts',
      '001-000003.ts',
    ])
    const playlist = (await servers.playlist(sent.of)) ?? ''
    expect(uris(playlist)).toHaveLength(4)
    expect(playlist).toContain('#EXT-X-ENDLIST')
    const record = await servers.record(sent.of)
    expect(record).toMatchObject({ why: 'sender-finished', totals: { pieces: 4, seconds: 13.5, gaps: 0 } })
    expect(record?.takes).toMatchObject([
      { take: 1, peer: '127.0.0.1:1', end: 'sender-finished', lastLines: ['last line'] },
    ])
    expect(record?.pieces.map(({ partial }) => partial)).toEqual([undefined, undefined, undefined, true])
    await waitFor(async () => !(await readdir(spoolDir)).includes('cam'), {
      timeoutMs: 5_000,
      what: 'the folder to go',
    })
  })

  it('has its pieces joined when the settings ask for it, by an upload beside them', async () => {
    const { storage } = servers.minio
    const asked = await servers.start(servers.store(), { settings: { join: 'ts' } })
    const sent = await feed(asked.reception, senderOf('joined'))
    await sent.push(2)
    await sent.end()
    const request = await storage.readText('incoming', joinKey(sent.of))
    expect(request && parseSessionRecord(request.text)).toEqual(await servers.record(sent.of))
    expect((await storage.head('incoming', joinKey(sent.of)))?.metadata).toEqual({ 'join.as': 'ts' })
    const plain = await servers.start(servers.store())
    const other = await feed(plain.reception, senderOf('plain'))
    await other.push(1)
    await other.end()
    expect(await storage.readText('incoming', joinKey(other.of))).toBeUndefined()
  })

  it('without media leaves nothing behind', async () => {
    const store = servers.store()
    const { reception, spoolDir } = await servers.start(store)
    const sent = await feed(reception, senderOf('empty'))
    await sent.end('no-media')
    expect(await servers.record(sent.of)).toBeUndefined()
    expect(await servers.playlist(sent.of)).toBeUndefined()
    await waitFor(async () => !(await readdir(spoolDir)).includes('empty'), {
      timeoutMs: 5_000,
      what: 'the folder to go',
    })
    expect(await store.read('empty')).toBeUndefined()
    expect([await store.history('empty'), await store.ended(10)]).toEqual([[], []])
  })

  it('without media gives its name back to the session before, also when it was lost', async () => {
    const store = servers.store()
    const { reception } = await servers.start(store, { settings: { reconnectMs: 200 } })
    const first = await feed(reception, senderOf('again'))
    await first.push(1)
    await first.end()
    for (const how of ['no-media', 'sender-lost'] as const) {
      const empty = await feed(reception, senderOf('again'))
      expect(empty.of.session).not.toBe(first.of.session)
      await empty.end(how)
      await waitFor(async () => (await store.read('again'))?.session === first.of.session, {
        timeoutMs: 10_000,
        what: 'the session before',
      })
    }
    expect(await store.read('again')).toMatchObject({ state: 'ended', summary: { pieces: 1 } })
    expect(await store.history('again')).toMatchObject([{ session: first.of.session }])
  })
})

describe('a sender that is lost', () => {
  it('finds its session again, and the record names the gap', async () => {
    const { reception } = await servers.start(servers.store())
    const first = await feed(reception, senderOf('back'))
    await first.push(2)
    await first.end('sender-lost')
    const second = await feed(reception, senderOf('back', { door: 'rtmp' }))
    expect([second.of, second.connection.take]).toEqual([first.of, 2])
    // The clock moves on while the sender is away.
    await sleep(50)
    await second.push(2, { seconds: 0.01 })
    await second.end()
    const record = await servers.record(first.of)
    expect(record?.pieces.map(({ discontinuity }) => discontinuity)).toEqual([
      undefined,
      undefined,
      true,
      undefined,
    ])
    expect(record?.gaps).toMatchObject([{ reason: 'reconnect' }])
    expect((await servers.playlist(first.of))?.match(/#EXT-X-DISCONTINUITY$/gm)).toHaveLength(1)
  })

  it('finds its session again when its time runs out while Redis answers', async () => {
    const store = servers.store()
    let isSlow = false
    const claim: typeof store.claim = async (...args) => {
      const reply = await store.claim(...args)
      if (isSlow) await sleep(1_500)
      return reply
    }
    const { reception } = await servers.start({ ...store, claim }, { settings: { reconnectMs: 500 } })
    const first = await feed(reception, senderOf('close'))
    await first.push(1)
    await first.end('sender-lost')
    isSlow = true
    const second = await feed(reception, senderOf('close'))
    expect([second.of, second.connection.take]).toEqual([first.of, 2])
    await second.push(1)
    await second.end()
    expect(await store.read('close')).toMatchObject({ state: 'ended', summary: { pieces: 2 } })
    expect(await servers.record(first.of)).toMatchObject({ why: 'sender-finished', totals: { pieces: 2 } })
  })

  it('does not end a session of another receiver by sending nothing before its pieces are known', async () => {
    const store = servers.store()
    const first = await servers.start(store)
    const sent = await feed(first.reception, senderOf('elsewhere'))
    await sent.push(1)
    await sent.end('sender-lost')
    await first.reception.drain(5_000)
    const { storage } = servers.minio
    const list: typeof storage.list = async function* (...args) {
      await sleep(1_000)
      yield* storage.list(...args)
    }
    const second = await servers.start(store, { storage: { ...storage, list } })
    const empty = await feed(second.reception, senderOf('elsewhere'))
    expect(empty.of).toEqual(sent.of)
    await empty.end('no-media')
    await sleep(100)
    expect(await store.read('elsewhere')).toMatchObject({ state: 'waiting', session: sent.of.session })
  })

  it('is admitted when it comes again after a claim that Redis granted without an answer', async () => {
    const store = servers.store()
    let isSilent = false
    const claim: typeof store.claim = async (...args) => {
      const reply = await store.claim(...args)
      if (isSilent) throw new Error('Command timed out')
      return reply
    }
    const { reception } = await servers.start({ ...store, claim })
    const first = await feed(reception, senderOf('unanswered'))
    await first.push(1)
    await first.end('sender-lost')
    isSilent = true
    expect(await reception.admit(senderOf('unanswered'))).toMatchObject({ reason: 'redis' })
    isSilent = false
    const again = await feed(reception, senderOf('unanswered'))
    expect(again.of).toEqual(first.of)
    await again.push(1)
    await again.end()
    expect(await servers.record(first.of)).toMatchObject({ why: 'sender-finished', totals: { pieces: 2 } })
  })

  it('ends its session when it stays away', async () => {
    const store = servers.store()
    const { reception } = await servers.start(store, { settings: { reconnectMs: 200 } })
    const sent = await feed(reception, senderOf('gone'))
    await sent.push(1)
    await sent.end('sender-lost')
    await waitFor(async () => (await store.read('gone'))?.state === 'ended', {
      timeoutMs: 5_000,
      what: 'the end of the session',
    })
    expect(await servers.record(sent.of)).toMatchObject({ why: 'sender-lost' })
  })
})

describe('a session that is as long as it may be', () => {
  it('ends with its take, and its sender finds a new one', async () => {
    const store = servers.store()
    const { reception } = await servers.start(store, { settings: { sessionMs: 1_000 } })
    const first = await feed(reception, senderOf('long'))
    await first.push(1)
    await waitFor(() => Promise.resolve(first.connection.cut.aborted), { timeoutMs: 20_000, what: 'the cut' })
    expect(String(first.connection.cut.reason)).toMatch(/as long as it may be/)
    await first.end('sender-lost')
    expect(await servers.record(first.of)).toMatchObject({ why: 'max-duration' })
    const second = await feed(reception, senderOf('long'))
    expect(second.of.session).not.toBe(first.of.session)
    expect(second.connection.take).toBe(1)
  })
})

describe('a live playlist', () => {
  it('names each piece once it is in the bucket, and keeps no version that was replaced', async () => {
    const { reception } = await servers.start(servers.store())
    const sent = await feed(reception, senderOf('live'))
    for (let count = 1; count <= 5; count++) {
      await sent.push(1)
      await waitFor(async () => uris((await servers.playlist(sent.of)) ?? '').length === count, {
        timeoutMs: 5_000,
        what: `a playlist of ${count}`,
      })
    }
    const versions = async () =>
      listed(servers.minio.storage.list('processed', { prefix: playlistKey(sent.of), versions: true }))
    await waitFor(async () => (await versions()).length === 1, { timeoutMs: 5_000, what: 'one version' })
    await sent.end()
    expect(await versions()).toHaveLength(1)
  })
})

describe('a second sender of a name', () => {
  it('is refused, with the first one named', async () => {
    const { reception } = await servers.start(servers.store())
    const sent = await feed(reception, senderOf('busy', { peer: '192.0.2.7:1' }))
    expect(await reception.admit(senderOf('busy'))).toMatchObject({
      kind: 'refused',
      reason: 'live',
      message: expect.stringContaining('192.0.2.7:1') as string,
    })
    await sent.end()
  })

  it('that takes over cuts the first one and continues its session', async () => {
    const store = servers.store()
    const { reception } = await servers.start(store)
    const first = await feed(reception, senderOf('over', { door: 'rtmp' }))
    await first.push(1)
    first.connection.cut.addEventListener('abort', () => void first.end('sender-lost'))
    const second = await feed(reception, senderOf('over', { door: 'rtmp', takesOver: true }))
    expect(first.connection.cut.reason).toMatchObject({ kind: 'taken-over' })
    expect((await store.read('over'))?.takes).toMatchObject([{ end: 'taken-over' }, { take: 2 }])
    expect([second.of, second.connection.take]).toEqual([first.of, 2])
    await second.push(1)
    await second.end()
    expect(await servers.pieces(first.of)).toEqual(['001-000000.ts', '002-000000.ts'])
  })
})

it('is asked about a sender without a claim, and hears of its own and other receivers', async () => {
  const store = servers.store()
  const [own, other] = [await servers.start(store), await servers.start(store)]
  expect(await own.reception.ask(senderOf('asked'))).toBeUndefined()
  expect(await store.read('asked')).toBeUndefined()
  const sent = await feed(own.reception, senderOf('asked'))
  for (const { reception } of [own, other]) {
    expect(await reception.ask(senderOf('asked'))).toMatchObject({ kind: 'refused', reason: 'live' })
    expect(await reception.ask(senderOf('asked', { takesOver: true }))).toBeUndefined()
  }
  await sent.push(1)
  await sent.end()
  expect(await other.reception.ask(senderOf('asked'))).toBeUndefined()
})

it('starts although Redis does not answer for the sessions on its disk: it asks once, and again in the next round', async () => {
  const store = servers.store()
  const first = await servers.start(store)
  const names = ['one', 'two', 'three']
  for (const name of names) {
    const sent = await feed(first.reception, senderOf(name))
    await sent.push(1)
    await sent.end('sender-lost')
  }
  await first.reception.drain(5_000)
  let asked = 0
  let isAway = true
  const adopt: typeof store.adopt = (...args) => {
    asked++
    return isAway ? Promise.reject(new Error('Command timed out')) : store.adopt(...args)
  }
  const settings = { spoolDir: first.spoolDir }
  const second = await servers.start({ ...store, adopt }, { settings })
  expect(asked).toBe(1)
  isAway = false
  await waitFor(async () => second.reception.numbers().waiting === names.length, {
    timeoutMs: 10_000,
    what: 'the sessions to wait for their senders',
  })
})

describe('a stop', () => {
  it('cuts a live stream and ends its session', async () => {
    const store = servers.store()
    const { reception } = await servers.start(store)
    const sent = await feed(reception, senderOf('stopped'))
    await sent.push(1)
    await store.requestStop('stopped')
    await waitFor(async () => sent.connection.cut.aborted, { timeoutMs: 3_000, what: 'the cut' })
    expect(await sent.end('sender-lost')).toMatchObject({ pieces: 1 })
    expect(await servers.record(sent.of)).toMatchObject({ why: 'stopped' })
  })
})
