/** A source on a store that misbehaves as MinIO never does: it cuts connections all the time, or sends other bytes than those requested. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createStorage } from '../../runtime/storage/client.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { createReader, type Keeping } from '../../runtime/worker/source/reader.ts'
import { silentLog } from '../helpers/source.ts'

const KIB = 1024
const content = randomBytes(4 * KIB * KIB)
const etag = 'a'.repeat(32)

type Answer = (response: ServerResponse, start: number, end: number) => void

/** Of the store, to a read of these bytes. */
let answer: Answer
let requests = 0
const server = createServer((request, response) => {
  requests++
  const [start, end] = /^bytes=(\d+)-(\d+)$/
    .exec(request.headers.range ?? '')!
    .slice(1)
    .map(Number)
  answer(response, start!, end!)
})
let storage: Storage

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  storage = createStorage({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKey: 'key', secretKey: 'secret' },
    retries: 0,
  })
})

beforeEach(() => {
  requests = 0
})

afterAll(async () => {
  storage.close()
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

function partHead(response: ServerResponse, range: string, bytes?: number): void {
  response.writeHead(206, {
    etag: `"${etag}"`,
    'content-range': range,
    ...(bytes === undefined ? {} : { 'content-length': bytes }),
  })
}

/** The right bytes, but no more than `count` for each connection. */
const cutAfter =
  (count: number): Answer =>
  (response, start, end) => {
    partHead(response, `bytes ${start}-${end}/${content.length}`, end - start + 1)
    const bytes = content.subarray(start, Math.min(end + 1, start + count))
    if (bytes.length > end - start) response.end(bytes)
    else response.write(bytes, () => setTimeout(() => response.destroy(), 5))
  }

/** Of handlers, and of tools. */
const KEEPINGS: readonly Keeping[] = ['kept', 'passed-on']
let keeping: Keeping

const partsOf = (start: number, end: number, patienceMs = 1_000) =>
  createReader(
    {
      storage,
      object: { bucket: 'kept', key: 'large', etag, generation: etag, sizeBytes: content.length } as never,
      onBytes: () => undefined,
      log: silentLog,
      patienceMs,
    },
    keeping,
  ).read(start, end, new AbortController().signal)

async function read(start: number, end: number, patienceMs?: number): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of partsOf(start, end, patienceMs)) parts.push(Buffer.from(part))
  return Buffer.concat(parts)
}

describe.each(KEEPINGS)('a store that cuts what is %s', (each) => {
  beforeEach(() => {
    keeping = each
  })

  it('after a few bytes each time is retried ever less often, and given up like one that sends nothing', async () => {
    answer = cutAfter(100)
    const startedMs = performance.now()
    await expect(read(0, content.length - 1)).rejects.toMatchObject({ code: 'ECONNRESET', isPassing: true })
    expect(performance.now() - startedMs).toBeGreaterThan(900)
    expect(requests).toBeGreaterThan(1)
    expect(requests).toBeLessThan(6)
  })

  it('after every MiB is read to the end: the patience restarts each time', async () => {
    answer = cutAfter(KIB * KIB)
    // Three waits of 200 ms at least.
    expect((await read(0, content.length - 1, 500)).equals(content)).toBe(true)
    expect(requests).toBe(4)
  })

  it('is not given up because its reader was slow', async () => {
    answer = cutAfter(100)
    const parts: Buffer[] = []
    for await (const part of partsOf(0, 199, 500)) {
      parts.push(Buffer.from(part))
      await pause(700)
    }
    expect(Buffer.concat(parts).equals(content.subarray(0, 200))).toBe(true)
  })
})

describe.each(KEEPINGS)('bytes that were not requested, to be %s,', (each) => {
  beforeEach(() => {
    keeping = each
  })

  it.each([
    { what: 'from elsewhere', range: `bytes 0-4/${content.length}`, bytes: 5 },
    { what: 'fewer', range: `bytes 10-13/${content.length}`, bytes: 4 },
    { what: 'more', range: `bytes 10-19/${content.length}`, bytes: 10 },
    { what: 'of no known place', range: '', bytes: 5 },
    { what: 'of an object of another size', range: 'bytes 10-14/15', bytes: 5 },
    { what: 'more, under the right name', range: `bytes 10-14/${content.length}`, bytes: undefined },
  ])('are not a success: $what', async ({ range, bytes }) => {
    answer = (response) => {
      partHead(response, range, bytes)
      response.end(content.subarray(0, bytes ?? 10))
    }
    const given: Buffer[] = []
    const reading = (async () => {
      for await (const part of partsOf(10, 14)) given.push(part)
    })()
    await expect(reading).rejects.toMatchObject({ code: 'WrongRange', isPassing: false })
    expect(given).toEqual([])
    // Without a length it is requested again, with an ordinary request.
    expect(requests).toBe(keeping === 'passed-on' && bytes === undefined ? 2 : 1)
  })
})
