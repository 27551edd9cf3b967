/** Reception while the store, Redis or the disk fails. */
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ReceptionHooks } from '../../runtime/reception/hooks.ts'
import { NO_HOOKS } from '../../runtime/reception/hooks.ts'
import { createStorage } from '../../runtime/storage/client.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { sleep } from '../../runtime/time.ts'
import { feed, senderOf, startEngineServers, type EngineServers } from '../helpers/streams/engine.ts'
import { waitFor } from '../helpers/wait.ts'

let servers: EngineServers
/** Gives up quickly: the engine tries again by itself. */
let storage: Storage
beforeAll(async () => {
  servers = await startEngineServers()
  storage = createStorage({ ...servers.minio.options, retries: 0, idleTimeoutMs: 2_000 })
})
afterAll(async () => {
  storage?.close()
  await servers?.stop()
})
afterEach(async () => {
  // A test that failed must not leave the next one without servers.
  await servers.minio.minio.start().catch(() => undefined)
  await servers.server.start().catch(() => undefined)
})

const LIMIT_BYTES = 40_000
/** A quarter of the limit, for one stream: ten pieces. */
const ROOM_BYTES = LIMIT_BYTES / 4

async function bytesIn(dir: string): Promise<number> {
  const names = (await readdir(dir, { recursive: true })).filter((name) => name.endsWith('.ts'))
  const sizes = await Promise.all(
    names.map((name) =>
      readFile(join(dir, name)).then(
        ({ length }) => length,
        () => 0,
      ),
    ),
  )
  return sizes.reduce((sum, each) => sum + each, 0)
}

describe('while the store is away', () => {
  it('a sender that cannot wait loses its oldest pieces, in one hole that is counted in seconds', async () => {
    const dropped: [string, number][] = []
    const gaps: string[] = []
    const hooks: ReceptionHooks = {
      ...NO_HOOKS,
      dropped: (reason, seconds) => void dropped.push([reason, seconds]),
      gap: (reason) => void gaps.push(reason),
    }
    const settings = { spoolLimitBytes: LIMIT_BYTES }
    const { reception, spoolDir } = await servers.start(servers.store(), { storage, hooks, settings })
    const sent = await feed(reception, senderOf('drops', { door: 'rtmp', canWait: false }))
    await sent.push(2)
    await waitFor(async () => (await servers.pieces(sent.of)).length === 2, {
      timeoutMs: 5_000,
      what: 'two pieces',
    })
    servers.minio.minio.kill('SIGKILL')
    await sent.push(30)
    await waitFor(async () => (await bytesIn(spoolDir)) <= ROOM_BYTES, {
      timeoutMs: 5_000,
      what: 'the files of dropped pieces to go',
    })
    expect(reception.numbers().spoolBytes).toBeLessThanOrEqual(ROOM_BYTES)
    await servers.minio.minio.start()
    await sent.push(1)
    await sent.end()
    const record = await waitFor(() => servers.record(sent.of), { timeoutMs: 15_000, what: 'the record' })
    const holes = record.gaps.filter(({ reason }) => reason === 'spool-full')
    expect([holes, record.gaps]).toEqual([
      [{ before: expect.any(String) as string, seconds: holes[0]?.seconds, reason: 'spool-full' }],
      holes,
    ])
    expect(record.totals.seconds + record.totals.droppedSeconds).toBe(33 * 4)
    expect(dropped.reduce((sum, [, seconds]) => sum + seconds, 0)).toBe(record.totals.droppedSeconds)
    expect(gaps).toEqual(['spool-full'])
    expect((await servers.playlist(sent.of))?.match(/^#EXT-X-DISCONTINUITY$/gm)).toHaveLength(1)
  })

  it('a sender that can wait is held, and loses nothing', async () => {
    const settings = { spoolLimitBytes: LIMIT_BYTES }
    const { reception, spoolDir } = await servers.start(servers.store(), { storage, settings })
    const sent = await feed(reception, senderOf('waits'))
    servers.minio.minio.kill('SIGKILL')
    const pushed = sent.push(40)
    await waitFor(() => Promise.resolve(sent.connection.isBraked), { timeoutMs: 5_000, what: 'the brake' })
    expect(await bytesIn(spoolDir)).toBeLessThanOrEqual(ROOM_BYTES + 1_000)
    await servers.minio.minio.start()
    await pushed
    await sent.end()
    const record = await waitFor(() => servers.record(sent.of), { timeoutMs: 15_000, what: 'the record' })
    expect(record.totals).toMatchObject({ pieces: 40, seconds: 160, gaps: 0, droppedSeconds: 0 })
  })

  it('a session that has ended frees its name, and is recorded when the store is back', async () => {
    const store = servers.store()
    const { reception } = await servers.start(store, { storage })
    const sent = await feed(reception, senderOf('ended'))
    servers.minio.minio.kill('SIGKILL')
    await sent.push(2)
    await sent.end()
    const next = await feed(reception, senderOf('ended'))
    expect(next.of.session).not.toBe(sent.of.session)
    await servers.minio.minio.start()
    const record = await waitFor(() => servers.record(sent.of), { timeoutMs: 20_000, what: 'the record' })
    expect(record.totals.pieces).toBe(2)
    await next.end('no-media')
  })
})

describe('while Redis is away', () => {
  it('reception continues, no playlist is written after the lease, and it is complete when Redis is back', async () => {
    const { reception } = await servers.start(servers.store(1_500), { storage })
    const sent = await feed(reception, senderOf('alone'))
    await sent.push(1)
    await waitFor(async () => (await servers.playlist(sent.of)) !== undefined, {
      timeoutMs: 5_000,
      what: 'a playlist',
    })
    servers.server.kill('SIGSTOP')
    const stoppedMs = performance.now()
    await waitFor(() => Promise.resolve(performance.now() - stoppedMs > 1_500), {
      timeoutMs: 5_000,
      what: 'the lease to run out',
    })
    const before = await servers.playlist(sent.of)
    await sent.push(2)
    await waitFor(async () => (await servers.pieces(sent.of)).length === 3, {
      timeoutMs: 5_000,
      what: 'the pieces',
    })
    expect(await servers.playlist(sent.of)).toBe(before)
    servers.server.kill('SIGCONT')
    await waitFor(async () => (await servers.playlist(sent.of))?.includes('001-000002.ts'), {
      timeoutMs: 10_000,
      what: 'the playlist to be complete',
    })
    expect(sent.connection.cut.aborted).toBe(false)
    await sent.end()
    expect((await servers.record(sent.of))?.totals).toMatchObject({ pieces: 3, gaps: 0 })
  })

  it('a stream keeps its owner and session when Redis was emptied', async () => {
    const store = servers.store(1_500)
    const { reception } = await servers.start(store, { storage })
    const sent = await feed(reception, senderOf('forgotten'))
    await sent.push(1)
    await servers.redis.flushall()
    await waitFor(async () => (await store.read('forgotten'))?.session === sent.of.session, {
      timeoutMs: 5_000,
      what: 'the state to be restored',
    })
    expect(sent.connection.cut.aborted).toBe(false)
    await sent.end('sender-lost')
    const again = await feed(reception, senderOf('forgotten'))
    expect([again.of, again.connection.take]).toEqual([sent.of, 2])
    await again.end()
  })
})

describe('pieces that cannot be read', () => {
  it('when their take ends stay on the disk, and are in the record once they can be', async () => {
    const { reception, spoolDir } = await servers.start(servers.store(), { storage })
    const sent = await feed(reception, senderOf('unread'))
    await sent.push(2)
    await sent.open(3)
    const { folder } = sent.connection
    await waitFor(async () => (await readdir(folder)).join() === '000002.ts', {
      timeoutMs: 15_000,
      what: 'the bucket to have the others',
    })
    // As when too many files are open, which no test can arrange for one folder only.
    await rename(folder, join(spoolDir, 'aside'))
    await writeFile(folder, 'no folder')
    await sent.end()
    const first = await waitFor(() => servers.record(sent.of), { timeoutMs: 15_000, what: 'the record' })
    expect(first.totals).toMatchObject({ pieces: 2, seconds: 8 })
    await rm(folder)
    await rename(join(spoolDir, 'aside'), folder)
    const record = await waitFor(
      async () => {
        const found = await servers.record(sent.of)
        return found?.totals.pieces === 3 && found
      },
      { timeoutMs: 30_000, what: 'the record with the piece that was read later' },
    )
    expect(record).toMatchObject({ why: 'sender-finished', totals: { seconds: 11 }, losses: [] })
    await waitFor(async () => (await readdir(spoolDir)).length === 0, {
      timeoutMs: 15_000,
      what: 'the folder to go',
    })
  })
})

describe('a key of another type in Redis', () => {
  it('is named to the sender, whom nobody tells that Redis is away', async () => {
    const store = servers.store()
    const { reception } = await servers.start(store, { storage })
    const key = store.keyOf('strange')
    await servers.redis.set(key, 'no hash')
    const refusal = {
      kind: 'refused',
      reason: 'redis',
      message: expect.stringContaining(`a value of another type under ${key}`) as string,
    }
    expect(await reception.ask(senderOf('strange'))).toEqual(refusal)
    expect(await reception.admit(senderOf('strange'))).toEqual(refusal)
    expect(await servers.redis.get(key)).toBe('no hash')
    await servers.redis.del(key)
    const sent = await feed(reception, senderOf('strange'))
    await sent.push(1)
    await sent.end()
  })
})

describe('while the disk is nearly full', () => {
  it('those that cannot wait lose no more of their oldest pieces than the disk lacks', async () => {
    let emptyBytes = 1e6
    let usedBytes = () => 0
    const disk = () => Promise.resolve({ freeBytes: emptyBytes - usedBytes(), sizeBytes: 1e6 })
    const { reception } = await servers.start(servers.store(), { storage, disk })
    usedBytes = () => reception.numbers().spoolBytes
    const sent = await feed(reception, senderOf('disk-lacks', { door: 'srt', canWait: false }))
    servers.minio.minio.kill('SIGKILL')
    await sent.push(5)
    // 48,500 are free beside its five pieces, and 50,000 have to be.
    emptyBytes = 53_500
    await waitFor(() => Promise.resolve(usedBytes() < 5_000), {
      timeoutMs: 5_000,
      what: 'pieces to be dropped',
    })
    await sleep(1_500)
    expect(usedBytes()).toBe(3_000)
    await servers.minio.minio.start()
    await sent.end()
    const record = await waitFor(() => servers.record(sent.of), { timeoutMs: 15_000, what: 'the record' })
    expect(record.gaps).toMatchObject([{ reason: 'disk-full', seconds: 8 }])
  })

  it('senders that can wait are held, and the others lose their oldest pieces', async () => {
    let freePart = 1
    const options = { storage, disk: () => Promise.resolve({ freeBytes: freePart * 1e6, sizeBytes: 1e6 }) }
    const { reception } = await servers.start(servers.store(), options)
    const waiting = await feed(reception, senderOf('disk-waits'))
    const dropping = await feed(reception, senderOf('disk-drops', { door: 'srt', canWait: false }))
    servers.minio.minio.kill('SIGKILL')
    await dropping.push(5)
    freePart = 0.01
    await waitFor(() => Promise.resolve(reception.numbers().spoolBytes <= 1_000), {
      timeoutMs: 5_000,
      what: 'all but the newest piece to be dropped',
    })
    const pushed = waiting.push(1)
    expect(waiting.connection.isBraked).toBe(true)
    freePart = 1
    await pushed
    await servers.minio.minio.start()
    await Promise.all([waiting.end(), dropping.end()])
    const record = await waitFor(() => servers.record(dropping.of), { timeoutMs: 15_000, what: 'the record' })
    expect(record.gaps).toMatchObject([{ reason: 'disk-full', seconds: 16 }])
  })
})
