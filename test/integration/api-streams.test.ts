/** Streams over HTTP, on a real Redis and MinIO; the receiver is played by the test. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listen } from '../../runtime/api/http/listen.ts'
import { createStreamMedia } from '../../runtime/api/streams/media.ts'
import type { CreatedStreamKey, StreamDetail } from '../../runtime/api/streams/model.ts'
import { createStreamService } from '../../runtime/api/streams/service.ts'
import { createQueue } from '../../runtime/queue/queue.ts'
import { createStreamStore, type StreamStore } from '../../runtime/queue/streams.ts'
import { newSession, pieceKey, pieceUri, playlistKey, recordKey } from '../../runtime/reception/names.ts'
import { createStreamRecords } from '../../runtime/records/streams.ts'
import { pullHosts } from '../../runtime/settings/pull-hosts.ts'
import { createLogger } from '../../runtime/telemetry/logger.ts'
import { freePort } from '../../infra/local/settings/ports.ts'
import { useRedis } from '../helpers/queue.ts'
import { useStore } from '../helpers/store.ts'
import { createTestApi } from '../unit/api/test-api.ts'

const log = createLogger({ level: 'silent', format: 'json' })
const LEASE_MS = 30_000
const NUMBERS = { pieces: 3, seconds: 12.5, sizeBytes: 900, droppedSeconds: 4, gapSeconds: 5.5, gaps: 1 }
const TOKENS = { reader: 'the-token-of-a-reader', operator: 'the-token-of-an-operator' }

const server = useRedis()
const store = useStore({ versioned: ['incoming', 'processed', 'metadata'] })
const used = {} as {
  streams: StreamStore
  url: string
  close: () => Promise<void> | void
}
beforeAll(async () => {
  const { storage } = store
  const queue = createQueue(server.redis, `test-${randomUUID().slice(0, 8)}`)
  used.streams = createStreamStore(server.redis, queue.keys, LEASE_MS)
  const config = { streams: { pullHosts: pullHosts('cam.lan,192.0.2.0/24') } }
  const parts = { streams: used.streams, storage, queue, config }
  const records = createStreamRecords(storage, used.streams, log)
  const port = await freePort()
  const { app } = createTestApi(
    { streams: createStreamService({ ...parts, records }), streamMedia: createStreamMedia(parts) },
    { tokens: TOKENS, receiver: { host: '0.0.0.0', port: 8082 } },
  )
  used.close = await listen(app, { apiHost: '127.0.0.1', apiPort: port }, log)
  used.url = `http://127.0.0.1:${port}`
})
afterAll(() => used.close?.())

async function send(path: string, method = 'GET', body?: unknown, headers: Record<string, string> = {}) {
  const token = method === 'GET' || method === 'HEAD' ? TOKENS.reader : TOKENS.operator
  return fetch(`${used.url}/v1/streams${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}
async function ask(path: string, method = 'GET', body?: unknown) {
  const response = await send(path, method, body)
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> }
}
const detail = async (name: string) => (await ask(`/${name}`)).answer as StreamDetail

async function startSession(name: string) {
  const session = newSession(Date.now())
  await used.streams.claim(name, {
    token: name,
    session,
    door: 'rtmp',
    peer: '192.0.2.7:1',
    takesOver: false,
  })
  return { name, session }
}
const end = (of: { name: string; session: string }) =>
  used.streams.end(of.name, of.name, {
    ...NUMBERS,
    session: of.session,
    door: 'rtmp',
    why: 'stopped',
    takes: 1,
    startedAtMs: 1_000,
    endedAtMs: 2_000,
  })
const put = (bucket: string, key: string, bytes: Buffer) =>
  store.storage.put(bucket, key, { bytes }, { contentType: 'application/octet-stream' })

describe('a stream', () => {
  it('is shown live with its take and losses, ends when it is stopped, and is in its history then', async () => {
    const of = await startSession('shown')
    const takes = [{ take: 1, door: 'rtmp', peer: '192.0.2.7:1', atMs: 1, end: 'clock' }] as const
    const numbers = { ...NUMBERS, spoolBytes: 7 }
    await used.streams.beat('shown', 'shown', { state: 'live', numbers, takes })
    expect(await detail('shown')).toMatchObject({
      state: 'live',
      session: of.session,
      door: 'rtmp',
      peer: '192.0.2.7:1',
      takes: 1,
      isStopping: false,
      numbers: { droppedSeconds: 4, gapSeconds: 5.5, spoolBytes: 7 },
      numbersAt: expect.stringMatching(/^20/) as string,
      lastTakes: [{ take: 1, door: 'rtmp', peer: '192.0.2.7:1', end: 'clock' }],
      history: [],
    })
    const stopped = await ask('/shown', 'DELETE')
    expect(stopped).toMatchObject({ status: 202, answer: { state: 'live', isStopping: true } })
    const orders = await used.streams.orders([{ name: 'shown', token: 'shown' }])
    expect(orders.get('shown')).toMatchObject({ isStopped: true })

    await end(of)
    expect(await detail('shown')).toMatchObject({
      state: 'ended',
      why: 'stopped',
      numbers: NUMBERS,
      history: [{ session: of.session, why: 'stopped', ...NUMBERS, record: { key: recordKey(of) } }],
    })
    expect(await ask('/shown', 'DELETE')).toMatchObject({ status: 404 })
    const { answer } = await ask('')
    expect(answer['items']).toMatchObject([{ name: 'shown', state: 'ended' }])
  })

  it('whose receiver is silent waits, and says so', async () => {
    await startSession('silent')
    const impatient = createStreamService({
      streams: { ...used.streams, leaseMs: -1 },
      records: createStreamRecords(store.storage, used.streams, log),
      queue: { nowMs: () => Promise.resolve(Date.now()) },
      config: { streams: { pullHosts: [] } },
    })
    expect(await impatient.get('silent')).toMatchObject({ state: 'waiting', isReceiverSilent: true })
    expect(await detail('silent')).toMatchObject({ state: 'live', isReceiverSilent: false })
  })

  it.each(['/Nope', '/-a', '/a%20b', '/cam?x=1', '/cam/sessions/now/live.m3u8'])(
    'is a 400 with a reason at %s',
    async (path) => {
      const { status, answer } = await ask(path)
      expect(status).toBe(400)
      expect(answer['detail']).toMatch(/a name has|session is named|Unrecognized|unknown/i)
    },
  )

  it('of which nothing is known is a 404', async () => {
    expect(await ask('/never')).toMatchObject({
      status: 404,
      answer: { detail: expect.stringContaining('see /v1/streams/never/live.m3u8') as string },
    })
    expect(await ask('/never', 'DELETE')).toMatchObject({ status: 404 })
  })
})

describe('a pull', () => {
  const URL_WITH_SECRET = 'rtsp://viewer:hunter2@cam.lan/live?pwd=hunter2'

  it('is wanted until it is stopped, and never shows its password again', async () => {
    const asked = await send('', 'POST', { name: 'pulled', url: URL_WITH_SECRET })
    expect([asked.status, asked.headers.get('location')]).toEqual([202, '/v1/streams/pulled'])
    const texts = [await asked.text()]
    expect((await used.streams.wanted()).get('pulled')?.url).toBe(URL_WITH_SECRET)
    expect(await detail('pulled')).toMatchObject({
      state: 'wanted',
      wanted: { url: 'rtsp://***:***@cam.lan/live?pwd=***' },
    })
    const other = await ask('', 'POST', { name: 'pulled', url: 'rtsp://cam.lan/other' })
    expect(other).toMatchObject({ status: 409 })
    const again = await ask('', 'POST', { name: 'pulled', url: URL_WITH_SECRET })
    expect(again).toMatchObject({ status: 202 })

    const of = await startSession('pulled')
    expect(await ask('/pulled?keep=wanted', 'DELETE')).toMatchObject({
      status: 202,
      answer: { isStopping: true, hasEndedPull: false },
    })
    await end(of)
    expect(await detail('pulled')).toMatchObject({ state: 'wanted', session: of.session })
    expect(await ask('/pulled', 'DELETE')).toMatchObject({
      status: 202,
      answer: { state: 'ended', hasEndedPull: true },
    })
    expect((await used.streams.wanted()).has('pulled')).toBe(false)
    for (const path of ['', '/pulled']) texts.push(JSON.stringify((await ask(path)).answer))
    texts.push(JSON.stringify([other, again]))
    expect(texts.join('\n')).not.toContain('hunter2')
  })

  it('has options of its own, which are stored and shown; asked for again with others it is refused', async () => {
    const url = 'rtsp://cam.lan/options'
    const options = { seconds: 2, maxDuration: '12h', reconnect: '2m', onFull: 'brake', join: 'mp4' }
    const made = await ask('', 'POST', { name: 'options', url, ...options })
    expect(made).toMatchObject({
      status: 202,
      answer: {
        wanted: {
          seconds: 2,
          maxDurationSeconds: 43_200,
          reconnectSeconds: 120,
          onFull: 'brake',
          join: 'mp4',
        },
      },
    })
    expect((await used.streams.wanted()).get('options')).toMatchObject({
      maxDurationMs: 43_200_000,
      reconnectMs: 120_000,
    })
    expect(await ask('', 'POST', { name: 'options', url, ...options })).toMatchObject({ status: 202 })
    expect(await ask('', 'POST', { name: 'options', url })).toMatchObject({ status: 409 })
  })

  it.each([
    { seconds: 31 },
    { maxDuration: '25h' },
    { maxDuration: 'long' },
    { reconnect: '2h' },
    { onFull: 'panic' },
    { join: 'mkv' },
    { url: 'srt://cam.lan:9000', onFull: 'brake' },
  ])('is refused with %j', async (options) => {
    const refused = await ask('', 'POST', { name: 'bad-options', url: 'rtsp://cam.lan/x', ...options })
    expect(refused.status).toBe(422)
    expect((await used.streams.wanted()).has('bad-options')).toBe(false)
  })

  it('shows its last failure with its reason and time, until it gives media, is stopped or wanted again', async () => {
    await ask('', 'POST', { name: 'failing', url: 'rtsp://cam.lan/live' })
    const sinceMs = (await used.streams.wanted()).get('failing')?.sinceMs ?? 0
    const failure = { failures: 3, why: 'nothing listens there: the connection was refused', sinceMs }
    await used.streams.pullFailed('failing', failure)
    const shown = { why: failure.why, failures: 3, at: expect.stringMatching(/^20/) as string }
    expect(await detail('failing')).toMatchObject({ state: 'wanted', wanted: { lastFailure: shown } })
    await used.streams.forgetPullFailure('failing')
    expect((await detail('failing')).wanted).not.toHaveProperty('lastFailure')
    await used.streams.pullFailed('failing', { ...failure, sinceMs: sinceMs - 1 })
    expect((await detail('failing')).wanted).not.toHaveProperty('lastFailure')
    // It never gave media: nothing of it is left.
    expect(await ask('/failing', 'DELETE')).toMatchObject({ answer: { state: 'ended', hasEndedPull: true } })
    expect((await used.streams.pullFailures()).has('failing')).toBe(false)
  })

  it.each([
    {
      url: 'rtsp://198.51.100.1/live',
      why: 'host 198.51.100.1, port 554 is not in SLUICE_STREAMS_PULL_HOSTS',
    },
    { url: 'file:///etc/passwd', why: 'cannot be pulled' },
    { url: 'hunter2', why: 'not a URL' },
    { url: 'srt://cam.lan', why: 'needs a port' },
  ])('of $url is refused with a reason, which does not quote it', async ({ url, why }) => {
    const { status, answer } = await ask('', 'POST', { name: 'refused', url })
    expect({ status, detail: answer['detail'] }).toEqual({
      status: 422,
      detail: expect.stringContaining(why),
    })
    expect(JSON.stringify(answer)).not.toContain('hunter2')
  })

  it('with a name that is not allowed, or more than is known, is refused', async () => {
    for (const body of [
      { name: 'A', url: 'rtsp://cam.lan' },
      { name: 'a' },
      { name: 'a', url: 'rtsp://cam.lan', x: 1 },
    ])
      expect(await ask('', 'POST', body)).toMatchObject({
        status: 422,
        answer: { issues: expect.any(Array) },
      })
  })
})

describe('a stream key', () => {
  it.each(['keyed', '*'])(
    'of %s is shown once, opens the door, and is closed when it is revoked',
    async (name) => {
      const made = await ask(`/${name}/keys`, 'POST', { expiresIn: '12h' })
      expect(made).toMatchObject({ status: 201, answer: { name } })
      const { id, secret, expiresAt = '', createdAt } = made.answer as CreatedStreamKey
      expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBe(12 * 3_600_000)
      expect(await used.streams.checkKey('keyed', secret)).toEqual({ kind: 'right', keyId: id })
      const listed = await ask(`/${name}/keys`)
      expect(listed.answer['items']).toMatchObject([{ id }])
      expect(JSON.stringify(listed)).not.toContain(secret)

      expect(await ask(`/${name}/keys/${id}`, 'DELETE')).toMatchObject({ status: 200, answer: { id } })
      const again = await ask(`/${name}/keys/${id}`, 'DELETE')
      expect(again).toMatchObject({ status: 200, answer: { revokedAt: expect.any(String) } })
      expect(await used.streams.checkKey('keyed', secret)).toEqual({ kind: 'revoked' })
      expect(await ask(`/${name}/keys/none`, 'DELETE')).toMatchObject({ status: 404 })
    },
  )

  it.each([{ expiresIn: 'soon' }, { expiresIn: '1ms' }, { expiresIn: '99999999999d' }, { expires: '1h' }])(
    'is refused for %o',
    async (body) => {
      expect(await ask('/keyed/keys', 'POST', body)).toMatchObject({ status: 422 })
    },
  )

  it('is made by an operator, and not by a reader', async () => {
    const headers = { authorization: `Bearer ${TOKENS.reader}` }
    expect((await send('/keyed/keys', 'POST', {}, headers)).status).toBe(403)
    expect((await send('/keyed', 'DELETE', undefined, headers)).status).toBe(403)
  })
})

describe('media', () => {
  const PIECE = { take: 1, number: 1, extension: '.ts' }
  const BYTES = Buffer.from(Array.from({ length: 1_000 }, (_, n) => n % 256))

  it('are played through the API: the playlist leads to its pieces, wherever it is read', async () => {
    const of = await startSession('played')
    await put('incoming', pieceKey(of, PIECE), BYTES)
    await put('processed', playlistKey(of), Buffer.from(`#EXTM3U\n#EXTINF:4,\n${pieceUri(of, PIECE)}\n`))
    for (const path of ['live.m3u8', `sessions/${of.session}/live.m3u8`]) {
      const address = `${used.url}/v1/streams/played/${path}`
      const headers = { authorization: `Bearer ${TOKENS.reader}` }
      const list = await fetch(address, { headers })
      expect(list.headers.get('content-type')).toBe('application/vnd.apple.mpegurl')
      const [uri = ''] = (await list.text()).split('\n').filter((line) => line && !line.startsWith('#'))
      const piece = await fetch(new URL(uri, address), { headers })
      expect(piece.headers.get('content-type')).toBe('video/mp2t')
      expect(Buffer.from(await piece.arrayBuffer()).equals(BYTES)).toBe(true)
    }
  })

  it('are played also when Redis has forgotten the stream: the newest session that the bucket has', async () => {
    const starts = [1, 2, 2, 30, 31, 5_000_000, 5_000_001, 5_000_001].map(
      (second) => Date.UTC(2026, 9, 1) + second * 1_000,
    )
    const sessions = starts.map((ms) => newSession(ms)).toSorted()
    for (const [at, session] of sessions.entries()) {
      const of = { name: 'emptied', session }
      await put('processed', playlistKey(of), Buffer.from(`#EXTM3U\n#${at}\n${pieceUri(of, PIECE)}\n`))
      await put('processed', `${playlistKey(of)}/of-a-function`, Buffer.from('x'))
      // Of another stream whose name begins with this one's.
      await put(
        'processed',
        playlistKey({ name: 'emptied-2', session: newSession(Date.now()) }),
        Buffer.from('x'),
      )
      const list = await send('/emptied/live.m3u8')
      expect([list.status, await list.text()]).toEqual([
        200,
        `#EXTM3U\n#${at}\nsessions/${session}/001-000001.ts\n`,
      ])
    }
  })

  it('are read in part, conditionally, and without a body', async () => {
    const of = await startSession('parts')
    await put('incoming', pieceKey(of, PIECE), BYTES)
    const path = `/parts/sessions/${of.session}/001-000001.ts`
    const part = await send(path, 'GET', undefined, { range: 'bytes=990-' })
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 990-999/1000'])
    expect(Buffer.from(await part.arrayBuffer()).equals(BYTES.subarray(990))).toBe(true)
    const beyond = await send(path, 'GET', undefined, { range: 'bytes=1000-' })
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */1000'])
    const head = await send(path, 'HEAD')
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '1000', ''])
    const etag = head.headers.get('etag') ?? ''
    expect((await send(path, 'GET', undefined, { 'if-none-match': etag })).status).toBe(304)
  })

  it('that are not there, or are none of a session, are a 404 with a reason', async () => {
    const of = await startSession('absent')
    for (const file of ['live.m3u8', 'session.json', '001-000009.ts', 'x.txt', '..%2Fsecret'])
      expect({ file, ...(await ask(`/absent/sessions/${of.session}/${file}`)) }).toMatchObject({
        status: 404,
      })
    expect(await ask('/unheard/live.m3u8')).toMatchObject({ status: 404 })
    await put('processed', recordKey(of), Buffer.from('{"schema":1}'))
    expect(await ask(`/absent/sessions/${of.session}/session.json`)).toMatchObject({ answer: { schema: 1 } })
  })
})

it('a stream that is pushed to the API’s port learns the receiver’s address at once, although its body has no end', async () => {
  const curl = spawn('curl', ['-sS', '-T', '-', '-H', 'Expect:', `${used.url}/v1/streams/cam?x=1`])
  curl.stdin.on('error', () => undefined)
  const timer = setInterval(() => curl.stdin.write(Buffer.alloc(1_000)), 5)
  const [answer] = await Promise.all([text(curl.stdout), once(curl, 'exit')])
  clearInterval(timer)
  expect(JSON.parse(answer)).toMatchObject({ status: 421, receiver: 'http://127.0.0.1:8082/v1/streams/cam' })
})
