/** Clients that read a source through its URL: slowly, not to the end, too long, or while outputs wait to be sent. */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { toolUser } from '../../runtime/index.ts'
import { createStorage } from '../../runtime/storage/client.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import type { SourceParts } from '../../runtime/worker/source/object.ts'
import { startLossyProxy, type LossyProxy } from '../helpers/lossy-proxy.ts'
import { beginAnswer, createTestSources } from '../helpers/source.ts'
import { startTestStore, type TestStore } from '../helpers/store.ts'
import { waitFor } from '../helpers/wait.ts'

const run = promisify(execFile)
const content = randomBytes(48 * 1024 * 1024)
const sources = createTestSources()

let store: TestStore
/** Counts connections. */
let proxy: LossyProxy
/** Through that proxy. */
let storage: Storage

beforeAll(async () => {
  store = await startTestStore({ versioned: ['kept'] })
  proxy = await startLossyProxy(store.minio.port)
  await store.storage.put('kept', 'large', { bytes: content }, { contentType: 'video/mp4' })
})

beforeEach(() => {
  // One for each test, so that no connection is left from the one before.
  storage?.close()
  storage = createStorage({ ...store.options, endpoint: `http://127.0.0.1:${proxy.port}` })
})

afterAll(async () => {
  await sources.close()
  storage.close()
  await proxy.stop()
  await store.stop()
})

const open = (differences?: Partial<SourceParts>) => sources.open(storage, 'kept', 'large', differences)
const firstBytes = (url: string) => fetch(url, { headers: { range: 'bytes=0-4' } })

const IDLE_MS = 300

/** A store that ends what nobody moves for {@link IDLE_MS}, and how often it was asked for the source. */
function impatient(): { storage: Storage; gets: () => number } {
  let gets = 0
  storage.close()
  storage = createStorage({ ...store.options, idleTimeoutMs: IDLE_MS, retries: 0 })
  const counting: Storage = {
    ...storage,
    pour(...call) {
      gets++
      return storage.pour(...call)
    },
  }
  return { storage: counting, gets: () => gets }
}

/** Reads until the end, successful or not. */
const closeOf = (response: IncomingMessage) =>
  new Promise<void>((resolve) => response.resume().once('close', resolve))

/** Reads have connections of their own; one is kept for other calls. */
const KEPT = 1
const noConnection = () =>
  waitFor(async () => proxy.connections <= KEPT, { timeoutMs: 10_000, what: 'the connections to be closed' })

describe('a client', () => {
  it('that reads slowly gets everything, and no more is fetched than it takes', async () => {
    const { storage, gets } = impatient()
    const source = await open({ storage })
    const response = await beginAnswer(await source.input())
    await pause(4 * IDLE_MS)
    // The kernel's buffers on both sides of a loopback connection.
    expect(source.givenBytes()).toBeLessThan(content.length / 2)
    let readBytes = 0
    for await (const bytes of response) readBytes += (bytes as Buffer).length
    expect(readBytes).toBe(content.length)
    expect(gets()).toBe(1)
  })

  it('that disconnects closes the read behind it, and that is not an error', async () => {
    const source = await open()
    const response = await beginAnswer(await source.input())
    expect(proxy.connections).toBe(KEPT + 1)
    response.destroy()
    await noConnection()
    expect(source.failure).toBeUndefined()
    expect((await firstBytes(await source.input())).status).toBe(206)
  })

  it.runIf(existsSync('/proc/net/tcp'))(
    'of another user finds nothing, though it knows the URL',
    async () => {
      const url = await (await open()).input()
      const own = process.geteuid?.() ?? 0
      const uid = vi.spyOn(process, 'geteuid').mockReturnValue(own + 1)
      try {
        const [response] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage]
        response.resume()
        expect(response.statusCode).toBe(404)
      } finally {
        uid.mockRestore()
      }
      expect((await firstBytes(url)).status).toBe(206)
    },
  )

  // Only root may start a process of somebody else.
  it.runIf(existsSync('/proc/net/tcp') && process.geteuid?.() === 0)(
    'of another user finds nothing, nobody included, by IPv4 and by IPv6; a tool’s own user does',
    async () => {
      const url = new URL(await (await open()).input())
      const statusFor = async (uid: number, host: string) => {
        url.hostname = host
        const asked = `fetch("${url.href}", { headers: { range: 'bytes=0-4' } }).then((answer) => console.log(answer.status))`
        return (await run(process.execPath, ['-e', asked], { uid, cwd: '/' })).stdout.trim()
      }
      for (const host of ['127.0.0.1', '[::ffff:127.0.0.1]']) {
        const statuses = []
        for (const uid of [12_345, 65_534, toolUser()?.uid ?? 0, 0]) statuses.push(await statusFor(uid, host))
        expect(statuses).toEqual(['404', '404', '206', '206'])
      }
    },
  )

  it('is disconnected when the attempt ends, and the URL is invalid from then on', async () => {
    const [source, other] = [await open(), await open()]
    const url = await source.input()
    const responses = await Promise.all([beginAnswer(url), beginAnswer(url), beginAnswer(url)])
    const closed = Promise.all(responses.map(closeOf))
    source.close()
    await closed
    await noConnection()
    expect((await fetch(url)).status).toBe(404)
    expect(source.failure).toBeUndefined()
    expect((await firstBytes(await other.input())).status).toBe(206)
  })

  it('is disconnected when the attempt is aborted', async () => {
    const attempt = new AbortController()
    const source = await open({ signal: attempt.signal })
    const response = await beginAnswer(await source.input())
    const url = await source.input()
    attempt.abort(new Error('the lease is lost'))
    await closeOf(response)
    await noConnection()
    expect((await fetch(url)).status).toBe(404)
  })
})

describe('the limit on waiting outputs', () => {
  it('holds the bytes back while there is no room, and continues when there is', async () => {
    let hasRoom = true
    let release: (() => void) | undefined
    // What has been read of the store, and of it the step that is held back.
    let [givenBytes, lastBytes] = [0, 0]
    const onBytes = (count: number) => {
      givenBytes += count
      lastBytes = count
    }
    const room = async (signal: AbortSignal) => {
      signal.throwIfAborted()
      if (!hasRoom) await new Promise<void>((resolve) => (release = resolve))
    }
    const { storage, gets } = impatient()
    const source = await open({ storage, room, onBytes })
    const response = await beginAnswer(await source.input())
    hasRoom = false
    let readBytes = 0
    response.on('data', (bytes: Buffer) => (readBytes += bytes.length))
    const heldAt = await waitFor(
      async () => release !== undefined && readBytes === givenBytes - lastBytes && readBytes,
      { timeoutMs: 10_000, what: 'everything that was let go to be here' },
    )
    // Longer than any idle timeout in between.
    await pause(4 * IDLE_MS)
    expect(readBytes).toBe(heldAt)
    expect(readBytes).toBeLessThan(content.length)
    hasRoom = true
    release?.()
    await once(response, 'end')
    expect(readBytes).toBe(content.length)
    expect(gets()).toBe(1)
  })

  it('does not hold back the end of the attempt', async () => {
    let hold = () => {}
    const held = new Promise<void>((resolve) => (hold = resolve))
    const room = (signal: AbortSignal) => {
      hold()
      return new Promise<void>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      })
    }
    const source = await open({ room })
    const answered = once(get(await source.input(), { agent: false }), 'response')
    await held
    source.close()
    await expect(answered).rejects.toMatchObject({ code: 'ECONNRESET' })
  })
})
