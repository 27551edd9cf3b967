/** The HTTP door of a receiver as senders have it: the whole runtime, FFmpeg, Redis and MinIO. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { findBinaries } from '../../functions/ffmpeg/build/binaries.ts'
import { recordKey } from '../../runtime/reception/names.ts'
import { parseSessionRecord } from '../../runtime/reception/session/session-record.ts'
import { sleep } from '../../runtime/time.ts'
import { ffmpegOfStream } from '../helpers/streams/programs.ts'
import { waitFor } from '../helpers/wait.ts'
import { useReceiver } from '../helpers/streams/receiver.ts'
import { arrivedPictures } from '../helpers/streams/arrived.ts'
import { allOf, comparePictures } from '../helpers/streams/pictures.ts'
import { endSenders } from '../helpers/streams/senders.ts'

const [READER, OPERATOR] = ['a-token-of-the-reader', 'a-token-of-the-operator']
const used = useReceiver({
  SLUICE_STREAMS_STALL: '2s',
  SLUICE_STREAMS_RECONNECT: '2s',
  SLUICE_TOKEN_READER: READER,
  SLUICE_TOKEN_OPERATOR: OPERATOR,
})
let film = Buffer.alloc(0)
beforeAll(async () => {
  film = await readFile(used.film.path)
})
afterEach(endSenders)

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

interface Put {
  readonly request: ClientRequest
  readonly answer: Promise<Answer>
}

function put(name: string, headers: Readonly<Record<string, string>> = {}): Put {
  const url = `http://127.0.0.1:${used.httpPort}/v1/streams/${name}`
  const sent = request(url, {
    method: 'PUT',
    headers: { authorization: `Bearer ${used.secret}`, ...headers },
  })
  const answer = (async () => {
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) text += chunk
    return { status: response.statusCode ?? 0, body: JSON.parse(text) as Answer['body'] }
  })()
  // A connection that is cut after its answer.
  answer.catch(() => undefined)
  sent.on('error', () => undefined)
  return { request: sent, answer }
}

it('stores every picture of a body, and answers with the totals of the session', async () => {
  const { request: sent, answer } = put('whole')
  sent.end(film)
  expect(await answer).toMatchObject({
    status: 201,
    body: { name: 'whole', session: expect.stringMatching(/^\d{8}T/), droppedSeconds: 0 },
  })
  const compared = comparePictures(used.film.pictures, await arrivedPictures(used.stack.storage, 'whole'))
  expect(compared).toEqual(allOf(used.film.pictures.length))
})

it.each([
  { what: 'a wrong key', name: 'refused', headers: { authorization: 'Bearer wrong' }, status: 401 },
  {
    what: 'a bad name, whatever its key',
    name: 'Refused!',
    headers: { authorization: 'Bearer wrong' },
    status: 400,
  },
  { what: 'a form', name: 'refused', headers: { 'content-type': 'multipart/form-data' }, status: 415 },
])('answers $status to $what before the body is sent', async ({ name, headers, status }) => {
  const { request: sent, answer } = put(name, { ...headers, expect: '100-continue' })
  let isContinued = false
  sent.on('continue', () => {
    isContinued = true
  })
  sent.flushHeaders()
  expect((await answer).status).toBe(status)
  expect(isContinued).toBe(false)
  sent.destroy()
})

it('answers 415 to garbage, and to an empty body, and leaves nothing behind', async () => {
  const garbage = put('garbage')
  garbage.request.end(Buffer.alloc(3_000_000, 'not a film. '))
  expect(await garbage.answer).toMatchObject({ status: 415, body: { reason: 'media' } })
  const short = put('garbage')
  short.request.end('not a film')
  expect(await short.answer).toMatchObject({
    status: 415,
    body: { detail: expect.stringMatching(/^this cannot be received: it is text/) },
  })
  const torn = put('garbage')
  torn.request.end(film.subarray(0, 188 * 3))
  expect(await torn.answer).toMatchObject({
    status: 415,
    body: { detail: expect.stringMatching(/^this cannot be received: there is no /) },
  })
  const empty = put('garbage')
  empty.request.end()
  expect(await empty.answer).toMatchObject({ status: 415, body: { reason: 'media' } })
  expect(await used.keysOf('garbage')).toEqual([])
  expect(await used.store.read('garbage')).toBeUndefined()
  expect(await used.store.history('garbage')).toEqual([])
})

it('does not claim a name for a sender before its media are recognised', async () => {
  const trickle = put('trickle')
  trickle.request.write(Buffer.alloc(8_000, 'not a film. '))
  const film1 = put('trickle')
  film1.request.end(film)
  expect((await film1.answer).status).toBe(201)
  trickle.request.end()
  expect((await trickle.answer).status).toBe(415)
  expect(await used.store.history('trickle')).toMatchObject([{ why: 'sender-finished' }])
  expect(await used.store.read('trickle')).toMatchObject({
    state: 'ended',
    takes: [{ end: 'sender-finished' }],
  })
})

it('answers 409 to a second sender, and continues with the first', async () => {
  const first = put('second')
  const half = Math.floor(film.length / 2)
  first.request.write(film.subarray(0, half))
  await used.isLive('second')
  // A sender that is silent for two seconds would be lost, and the other one let in.
  let sent = half
  const step = Math.floor(half / 100)
  const going = setInterval(() => {
    first.request.write(film.subarray(sent, (sent += step)))
    if (sent > film.length - 2 * step) clearInterval(going)
  }, 250)
  const second = put('second', { expect: '100-continue' })
  second.request.flushHeaders()
  expect(await second.answer).toMatchObject({ status: 409, body: { reason: 'live' } })
  clearInterval(going)
  second.request.destroy()
  first.request.end(film.subarray(sent))
  expect((await first.answer).status).toBe(201)
  const compared = comparePictures(used.film.pictures, await arrivedPictures(used.stack.storage, 'second'))
  expect(compared).toEqual(allOf(used.film.pictures.length))
})

it('cuts a silent sender with 408, and keeps what it has sent', async () => {
  const { request: sent, answer } = put('silent')
  sent.write(film.subarray(0, Math.floor(film.length / 2)))
  expect((await answer).status).toBe(408)
  sent.destroy()
  await used.ended('silent')
  expect((await used.keysOf('silent')).length).toBeGreaterThan(0)
})

it('says that the death of its own FFmpeg is its own fault, and continues with the next connection', async () => {
  const first = put('killed')
  const half = Math.floor(film.length / 2)
  first.request.write(film.subarray(0, half))
  await waitFor(async () => (await used.keysOf('killed')).length > 0, { timeoutMs: 60_000, what: 'a piece' })
  process.kill((await ffmpegOfStream('killed')) ?? NaN, 'SIGKILL')
  expect(await first.answer).toMatchObject({
    status: 500,
    body: { detail: expect.stringMatching(/^the receiver's FFmpeg ended \(SIGKILL\); send again/) as string },
  })
  first.request.destroy()
  const second = put('killed')
  second.request.end(film)
  const { status, body } = await second.answer
  expect(status).toBe(201)
  const state = await used.store.read('killed')
  expect(state).toMatchObject({
    session: body['session'],
    takes: [{ end: 'ffmpeg-lost' }, { end: 'sender-finished' }],
  })
  const record = await used.stack.storage.readText(
    'processed',
    recordKey({ name: 'killed', session: state?.session ?? '' }),
  )
  expect(parseSessionRecord(record?.text ?? '')?.takes).toMatchObject([{ end: 'ffmpeg-lost' }, {}])
  const log = await readFile(join(used.stack.dir, 'log', 'runtime.log'), 'utf8')
  expect(log).toMatch(/warn .*the FFmpeg of a take crashed or was killed/)
})

it('refuses what FFmpeg cannot read on from, such as two files in one body, keeps what came before and says so', async () => {
  const path = join(used.stack.dir, 'twice.flv')
  const words = ['-v', 'error', '-i', used.film.path, '-c', 'copy', '-bsf:a', 'aac_adtstoasc', '-y', path]
  await promisify(execFile)((await findBinaries(process.env)).ffmpegPath, words, {
    env: { ...process.env, GCONV_PATH: '/nonexistent' },
  })
  const single = await readFile(path)
  const { request: sent, answer } = put('twice')
  sent.end(Buffer.concat([single, single]))
  expect(await answer).toMatchObject({
    status: 415,
    body: {
      detail: expect.stringMatching(
        /^after \d+ pieces, which are stored, this cannot be read any further: .*; send the rest again/,
      ) as string,
    },
  })
  await used.ended('twice')
  expect(await used.store.read('twice')).toMatchObject({
    summary: { why: 'unreadable' },
    takes: [{ end: 'unreadable' }],
  })
  const compared = comparePictures(used.film.pictures, await arrivedPictures(used.stack.storage, 'twice'))
  expect(compared).toEqual(allOf(used.film.pictures.length))
})

it('does not take the standstill of its own FFmpeg for the silence of the sender', async () => {
  const { request: sent, answer } = put('still')
  sent.write(film.subarray(0, 300_000))
  const pid = await waitFor(() => ffmpegOfStream('still'), { timeoutMs: 30_000, what: 'the FFmpeg' })
  process.kill(pid, 'SIGSTOP')
  try {
    sent.end(film.subarray(300_000))
    // Twice the time after which a silent sender is cut.
    await sleep(4_000)
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  expect((await answer).status).toBe(201)
  const compared = comparePictures(used.film.pictures, await arrivedPictures(used.stack.storage, 'still'))
  expect(compared).toEqual(allOf(used.film.pictures.length))
})

it('does not say 201 when its own FFmpeg hangs with the end of the body still in a pipe', async () => {
  const { request: sent, answer } = put('hung')
  sent.write(film.subarray(0, -30_000))
  await waitFor(async () => (await used.keysOf('hung')).length > 0, { timeoutMs: 60_000, what: 'a piece' })
  process.kill((await ffmpegOfStream('hung')) ?? NaN, 'SIGSTOP')
  sent.end(film.subarray(-30_000))
  expect(await answer).toMatchObject({
    status: 500,
    body: { detail: expect.stringMatching(/^the receiver's FFmpeg .*; send again within/) as string },
  })
  expect(await used.store.read('hung')).toMatchObject({ takes: [{ end: 'ffmpeg-lost' }] })
})

it('does not limit the time of a body, and limits that of its headers', async () => {
  const health = await fetch(`http://127.0.0.1:${used.httpPort}/healthz`)
  expect(health.status).toBe(200)
  expect(await health.json()).toEqual({ status: 'ok', bodyLimitMs: 0 })
  expect((await fetch(`http://127.0.0.1:${used.httpPort}/readyz`)).status).toBe(200)
  // A client that never ends its headers is cut, whatever it trickles.
  const slow = connect(used.httpPort, '127.0.0.1')
  slow.write('PUT /v1/streams/slow HTTP/1.1\r\nhost: x\r\n')
  const trickle = setInterval(() => slow.write('x: y\r\n'), 1_000)
  let text = ''
  for await (const chunk of slow.setEncoding('utf8')) text += chunk as string
  clearInterval(trickle)
  expect(text).toMatch(/^HTTP\/1\.1 408 /)
})

it('answers health checks and receives senders beside connections that say nothing, counts and logs them', async () => {
  const silent = Array.from({ length: 100 }, () =>
    connect(used.httpPort, '127.0.0.1').on('error', () => undefined),
  )
  try {
    await waitFor(async () => (await fetch(`http://127.0.0.1:${used.httpPort}/healthz`)).status === 200, {
      timeoutMs: 5_000,
      what: 'an answer to the health check',
    })
    const { request: sent, answer } = put('crowded')
    sent.end(film)
    expect(await answer).toMatchObject({ status: 201 })
    expect(silent.filter(({ closed }) => !closed).length).toBeLessThanOrEqual(16)
  } finally {
    for (const socket of silent) socket.destroy()
  }
  // A receiver tells the counts of its process once a second.
  await waitFor(async () => (await refusedByLimit()) >= 84, {
    timeoutMs: 20_000,
    what: 'the refusals to be counted',
  })
  expect(await used.stack.runtime.tail()).toMatch(/connections without a request are closed/)
})

async function refusedByLimit(): Promise<number> {
  const headers = { authorization: `Bearer ${READER}` }
  const metrics = await (await fetch(`${used.stack.apiUrl}/metrics`, { headers })).text()
  const counted = /^sluice_stream_refused_total\{[^}]*door="http"[^}]*reason="limit"[^}]*\} (\d+)/m.exec(
    metrics,
  )
  return Number(counted?.[1] ?? 0)
}

it('receives an operator by the token of the API, and not a reader', async () => {
  for (const [authorization, status] of [
    [`Bearer ${OPERATOR}`, 201],
    [`Bearer ${READER}`, 401],
    ['', 401],
  ] as const) {
    const { request: sent, answer } = put('operated', { authorization })
    sent.end(film)
    expect((await answer).status).toBe(status)
  }
})
