/** Receivers that die at each step, with a real MinIO and Redis: nothing that was received is lost, and sessions continue. */
import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { playlistKey, type SessionOf } from '../../runtime/reception/names.ts'
import { listed } from '../helpers/listed.ts'
import type { Death } from '../helpers/streams/engine-child.ts'
import { startEngineProcess, type EngineProcess } from '../helpers/streams/engine-process.ts'
import { SETTINGS, startEngineServers, type EngineServers } from '../helpers/streams/engine.ts'
import { oneOfEachKind } from '../helpers/thorough.ts'
import { waitFor } from '../helpers/wait.ts'

let servers: EngineServers
let prefix: string
let spoolDir: string
const processes: EngineProcess[] = []
beforeAll(async () => {
  servers = await startEngineServers()
})
afterAll(() => servers?.stop())
beforeEach(async () => {
  prefix = `test-${randomUUID().slice(0, 8)}`
  spoolDir = await mkdtemp(join(tmpdir(), 'sluice-spool-'))
})
afterEach(() => Promise.all(processes.splice(0).map((each) => each.kill())))

const LEASE_MS = 3_000

async function start(
  options: { death?: Death; dir?: string; reconnectMs?: number; spoolLimitBytes?: number } = {},
) {
  const { death, dir = spoolDir, ...settings } = options
  const { endpoint, region, credentials } = servers.minio.options
  const started = await startEngineProcess({
    redisUrl: servers.server.url,
    prefix,
    leaseMs: LEASE_MS,
    store: { endpoint, region, credentials },
    settings: { ...SETTINGS, ...settings, spoolDir: dir },
    death,
  })
  processes.push(started)
  return started
}

const uris = (playlist = '') => playlist.split('\n').filter((line) => /^[^#]/.test(line))

const awaitRecord = (of: SessionOf, pieces: number) =>
  waitFor(
    async () => {
      const record = await servers.record(of)
      return record?.pieces.length === pieces && record
    },
    { timeoutMs: 20_000, what: `the record of ${pieces} pieces` },
  )

async function expectWhole(of: SessionOf, names: readonly string[]) {
  const record = await awaitRecord(of, names.length)
  expect(await servers.pieces(of)).toEqual(names)
  expect(record.pieces.map(({ key }) => key.slice(key.lastIndexOf('/') + 1))).toEqual(names)
  const playlist = await servers.playlist(of)
  expect(uris(playlist)).toHaveLength(names.length)
  expect(playlist).toContain('#EXT-X-ENDLIST')
  await waitFor(async () => !(await readdir(spoolDir)).includes(of.name), {
    timeoutMs: 10_000,
    what: 'the folder of the session to go',
  })
  const prefix = playlistKey(of)
  expect(await listed(servers.minio.storage.list('processed', { prefix, versions: true }))).toHaveLength(1)
  return record
}

/** Each starts two or three processes, so a plain `npm test` tries one of each kind. */
const DEATHS = oneOfEachKind<Death>(
  ['before-piece', 'after-piece', 'before-playlist', 'after-playlist'],
  ['after-piece'],
)
const DEATHS_AT_END = oneOfEachKind<Death>(
  ['before-playlist', 'after-playlist', 'before-record', 'after-record'],
  ['before-record'],
)

describe('a receiver that is killed while it receives', () => {
  it.each(DEATHS)('%s: is followed by one that sends the rest and continues the session', async (death) => {
    const first = await start({ death })
    const { of } = await first.admit('cam')
    await first.push(2).catch(() => undefined)
    await first.dead
    const second = await start()
    const again = await second.admit('cam')
    expect(again).toEqual({ of, take: 2 })
    await second.push(1)
    await second.end()
    const names = await servers.pieces(of)
    expect(names.filter((name) => name.startsWith('001-')).length).toBeGreaterThan(0)
    await expectWhole(of, names)
  })

  it('is followed by one on another host, which a sender finds before it may adopt the folder: all is sent', async () => {
    const first = await start()
    const { of } = await first.admit('far')
    await first.push(2)
    await first.open(1.2)
    await first.kill()
    const owner = join(spoolDir, of.name, of.session, 'owner.json')
    const facts = JSON.parse(await readFile(owner, 'utf8')) as object
    await writeFile(owner, JSON.stringify({ ...facts, hostname: 'another-container' }))
    const second = await start()
    const again = await waitFor(() => second.admit('far').catch(() => undefined), {
      timeoutMs: 2 * LEASE_MS,
      what: 'the lease of the dead receiver to run out',
    })
    expect(again).toEqual({ of, take: 2 })
    await second.push(1)
    await second.end()
    await expectWhole(of, ['001-000000.ts', '001-000001.ts', '001-000002.ts', '002-000000.ts'])
  })

  it('sends the piece that FFmpeg had not closed', async () => {
    const first = await start()
    const { of } = await first.admit('open')
    await first.push(2)
    await first.open(1.2)
    await first.kill()
    const second = await start({ reconnectMs: 100 })
    const record = await expectWhole(of, ['001-000000.ts', '001-000001.ts', '001-000002.ts'])
    expect(record).toMatchObject({ why: 'receiver-lost', totals: { seconds: 9.2, gaps: 0 } })
    expect(record.pieces.at(-1)).toMatchObject({ partial: true, seconds: 1.2 })
    expect(record.takes).toMatchObject([{ end: 'receiver-lost', to: record.pieces.at(-1)?.at }])
    expect((await second.numbers()).spoolBytes).toBe(0)
  })
})

describe('a receiver that is killed while it ends a session', () => {
  it.each(DEATHS_AT_END)('%s: is followed by one that ends it', async (death) => {
    const first = await start()
    const { of } = await first.admit('end')
    await first.push(2)
    await first.end('sender-lost')
    await first.kill()
    const second = await start({ death, reconnectMs: 100 })
    await second.dead
    await start({ reconnectMs: 100 })
    const record = await expectWhole(of, ['001-000000.ts', '001-000001.ts'])
    // Its receivers died, and it was its sender that did not come back.
    expect(record).toMatchObject({ why: 'sender-lost', takes: [{ end: 'sender-lost' }] })
    expect(record.totals).toMatchObject({ seconds: 8, gaps: 0 })
  })
})

describe('another replica', () => {
  const elsewhere = () => mkdtemp(join(tmpdir(), 'sluice-spool-'))

  it('continues a session whose receiver died with its disk, and its playlist counts on', async () => {
    const first = await start()
    const { of } = await first.admit('moved')
    await first.push(3)
    await waitFor(async () => uris(await servers.playlist(of)).length === 3, {
      timeoutMs: 5_000,
      what: 'a playlist of three',
    })
    await first.kill()
    const dir = await elsewhere()
    const second = await start({ dir })
    const again = await waitFor(() => second.admit('moved'), {
      timeoutMs: 10_000,
      what: 'the lease to run out',
    })
    expect(again).toEqual({ of, take: 2 })
    await second.push(2)
    const playlist = await waitFor(
      async () => {
        const text = await servers.playlist(of)
        return uris(text).length === 5 && text
      },
      { timeoutMs: 10_000, what: 'a playlist of five' },
    )
    expect(playlist).toContain('#EXT-X-MEDIA-SEQUENCE:0')
    await second.end()
    expect(await awaitRecord(of, 5)).toMatchObject({ why: 'sender-finished' })
  })

  it('ends a session that nobody continues, and the disk that comes back adds its pieces', async () => {
    const first = await start()
    const { of } = await first.admit('late')
    await first.push(2)
    await waitFor(async () => (await servers.pieces(of)).length === 2, {
      timeoutMs: 5_000,
      what: 'two pieces',
    })
    await first.open(1)
    await first.kill()
    await start({ dir: await elsewhere(), reconnectMs: 500 })
    expect(await awaitRecord(of, 2)).toMatchObject({ why: 'receiver-lost' })
    await start()
    const record = await expectWhole(of, ['001-000000.ts', '001-000001.ts', '001-000002.ts'])
    expect(record.takes).toMatchObject([{ take: 1, peer: '127.0.0.1:1' }])
  })

  it('is not disturbed by a receiver that wakes up late: that one sends its pieces and writes no playlist', async () => {
    const first = await start()
    const { of } = await first.admit('zombie')
    await first.push(1)
    await waitFor(async () => uris(await servers.playlist(of)).length === 1, {
      timeoutMs: 5_000,
      what: 'a playlist',
    })
    first.suspend()
    const second = await start({ dir: await elsewhere() })
    await waitFor(() => second.admit('zombie'), { timeoutMs: 10_000, what: 'the lease to run out' })
    await second.push(2)
    await waitFor(async () => uris(await servers.playlist(of)).length === 3, {
      timeoutMs: 10_000,
      what: 'the playlist of the second',
    })
    first.resume()
    await first.push(2)
    await waitFor(() => first.isCut(), { timeoutMs: 5_000, what: 'the cut' })
    await first.end('sender-lost')
    await waitFor(async () => (await servers.pieces(of)).length === 5, {
      timeoutMs: 10_000,
      what: 'all pieces',
    })
    const listed = async () =>
      uris(await servers.playlist(of)).map((uri) => uri.slice(uri.lastIndexOf('/') + 1))
    await waitFor(async () => (await listed()).includes('002-000001.ts'), {
      timeoutMs: 10_000,
      what: 'the playlist of the second receiver',
    })
    expect(await listed()).toEqual(['001-000000.ts', '002-000000.ts', '002-000001.ts'])
    await second.end()
    await expectWhole(of, [
      '001-000000.ts',
      '001-000001.ts',
      '001-000002.ts',
      '002-000000.ts',
      '002-000001.ts',
    ])
  })
})

describe('a session that a dead receiver was ending', () => {
  it('is not recorded as ended while another receiver has it: its sender had come back', async () => {
    const first = await start({ reconnectMs: 100 })
    const { of } = await first.admit('revived')
    await first.push(2)
    await waitFor(async () => (await servers.pieces(of)).length === 2, {
      timeoutMs: 10_000,
      what: 'its pieces',
    })
    servers.server.kill('SIGKILL')
    const ending = first.end('sender-lost')
    ending.catch(() => undefined)
    const journal = join(spoolDir, of.name, of.session, 'journal.ndjson')
    await waitFor(async () => (await readFile(journal, 'utf8')).includes('"ended"'), {
      timeoutMs: 10_000,
      what: 'its end on disk',
    })
    await first.kill()
    await servers.server.start()
    const second = await start({ dir: await mkdtemp(join(tmpdir(), 'sluice-spool-')) })
    const again = await waitFor(() => second.admit('revived').catch(() => undefined), {
      timeoutMs: 10_000,
      what: 'the lease of the dead receiver to run out',
    })
    expect(again).toEqual({ of, take: 2 })
    await start()
    await second.push(2)
    await waitFor(async () => (await servers.pieces(of)).length === 4, {
      timeoutMs: 10_000,
      what: 'all pieces',
    })
    expect(await servers.record(of)).toBeUndefined()
    await second.end()
    const names = ['001-000000.ts', '001-000001.ts', '002-000000.ts', '002-000001.ts']
    expect(await expectWhole(of, names)).toMatchObject({ why: 'sender-finished' })
  })
})

describe('a session whose receiver is gone with its disk', () => {
  it('is recorded by the next receiver when the one that ended it dies before the store is back', async () => {
    const first = await start({ dir: await mkdtemp(join(tmpdir(), 'sluice-spool-')) })
    const { of } = await first.admit('lapsed')
    await first.push(2)
    await waitFor(async () => (await servers.pieces(of)).length === 2, {
      timeoutMs: 10_000,
      what: 'its pieces',
    })
    const store = servers.store(LEASE_MS, prefix)
    const second = await start({ reconnectMs: 100 })
    servers.minio.minio.kill('SIGKILL')
    await first.kill()
    await waitFor(async () => (await store.read(of.name))?.state === 'ended', {
      timeoutMs: 40_000,
      what: 'the end in Redis',
    })
    await second.kill()
    await servers.minio.minio.start()
    await start({ reconnectMs: 100 })
    const record = await expectWhole(of, ['001-000000.ts', '001-000001.ts'])
    expect(record).toMatchObject({ why: 'receiver-lost', startedAt: expect.stringMatching(/^20/) as string })
    expect((await store.history(of.name)).map(({ session }) => session)).toEqual([of.session])
  })
})

describe('a receiver that starts while Redis is away', () => {
  it('sends what the dead one left, and has its session when Redis is back', async () => {
    const first = await start()
    const { of } = await first.admit('apart')
    await first.open(2)
    await first.kill()
    servers.server.kill('SIGKILL')
    // On a busy machine the start of a process and of Redis can outlast the window of a minute, and the session ends in it.
    const second = await start({ reconnectMs: 300_000 })
    await waitFor(async () => (await servers.pieces(of)).length === 1, {
      timeoutMs: 10_000,
      what: 'its piece',
    })
    await servers.server.start()
    await waitFor(async () => (await second.numbers()).waiting === 1, {
      timeoutMs: 20_000,
      what: 'the session to wait',
    })
    expect(await second.admit('apart')).toEqual({ of, take: 2 })
    await second.push(1)
    await second.end()
    await expectWhole(of, ['001-000000.ts', '002-000000.ts'])
  })
})

describe('a receiver that drains', () => {
  it('sends what it has, and the next one continues the session at once', async () => {
    const first = await start()
    const { of } = await first.admit('drained')
    await first.push(2)
    const drained = first.drain(5_000)
    await waitFor(() => first.isCut(), { timeoutMs: 3_000, what: 'the cut' })
    await first.end('sender-lost')
    await drained
    expect(await servers.pieces(of)).toHaveLength(2)
    const second = await start()
    expect(await second.admit('drained')).toEqual({ of, take: 2 })
    await second.push(1)
    await second.end()
    await expectWhole(of, ['001-000000.ts', '001-000001.ts', '002-000000.ts'])
  })
})
