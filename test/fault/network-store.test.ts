/** A store that is slow, breaks off, refuses and forgets to answer: through proxies between the runtime and a real MinIO. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startLossyProxy, type LossyProxy } from '../helpers/lossy-proxy.ts'
import { openFiles, otherRuntime, type OtherRuntime } from '../helpers/other-runtime.ts'
import { manifestVersions } from '../helpers/manifest-versions.ts'
import { useStack } from '../helpers/runs.ts'
import { random } from '../helpers/seed.ts'
import { startStoreProxy, type StoreCall, type StoreFault, type StoreProxy } from '../helpers/store-proxy.ts'
import { waitFor } from '../helpers/wait.ts'
import { watchFault } from './faults.ts'

const KIB = 1024
const used = useStack({})
const dice = random('network-store')
let wire: LossyProxy
let store: StoreProxy
let runtime: OtherRuntime

beforeAll(async () => {
  await used.stack.runtime.stop()
  wire = await startLossyProxy(Number(new URL(used.stack.minioEndpoint).port))
  store = await startStoreProxy(`http://127.0.0.1:${wire.port}`)
  runtime = otherRuntime(used.stack, { MINIO_ENDPOINT: store.endpoint })
  await runtime.start()
})

afterAll(async () => {
  await runtime?.stop()
  await store?.stop()
  await wire?.stop()
})

/** Uploads go past the proxies. */
async function upload(keys: readonly string[], sizeBytes = 100): Promise<void> {
  await Promise.all(keys.map((key) => used.runs.put(key, `${key} `.repeat(sizeBytes / key.length))))
}
const keysOf = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `echo/${name}-${index}.txt`)

/** Each was done by one attempt that counted nothing, has one whole result, and left nothing beside it. */
async function doneOnce(keys: readonly string[]): Promise<readonly string[]> {
  for (const key of keys) {
    const run = await used.runs.reached(key, 'succeeded', 90_000)
    expect({ key, attempts: run.attempts, crashes: run.crashes }).toEqual({ key, attempts: 0, crashes: 0 })
    expect(await used.runs.of(key)).toHaveLength(1)
    const [file = ''] = await used.runs.assertWhole('echo', key)
    const written = await used.stack.storage.readText('processed', file)
    expect(JSON.parse(written?.text ?? '')).toMatchObject({ key, body: await bodyOf(key) })
    const shown = await used.stack.storage.readText('processed', `${key}/echo/echo.json`)
    expect(shown?.text).toBe(written?.text)
    expect(await manifestVersions(used.stack.storage, 'echo', key)).toHaveLength(1)
  }
  return keys
}
const bodyOf = async (key: string) => (await used.stack.storage.readText('incoming', key))?.text

/** The fault happens to the first request of each kind (method and path) that `isMeant`; the second one is served. */
function once(
  isMeant: (call: StoreCall) => boolean,
  fault: (call: StoreCall) => StoreFault,
): (call: StoreCall) => StoreFault | undefined {
  const seen = new Set<string>()
  return (call) => {
    const name = `${call.method} ${call.path}`
    if (!isMeant(call) || seen.has(name)) return undefined
    seen.add(name)
    return fault(call)
  }
}

describe('a reply that is lost after the store has done what was asked', () => {
  it('of a file, a manifest, a pointer or a question changes nothing: one result, whole', async () => {
    const told = await watchFault(used.stack, 'connection to the store lost')
    const keys = keysOf('lost', 12)
    const lost = new Set<string>()
    store.breakBy(
      once(
        ({ path }) => path.includes('/echo/lost-'),
        ({ method, path }) => {
          lost.add(`${method} ${path.replace(/lost-\d+/, '#').replace(/~\w+/, '~')}`)
          return { kind: 'lose-reply' }
        },
      ),
    )
    await upload(keys)
    expect(await doneOnce(keys)).toEqual(keys)
    store.heal()
    expect([...lost]).toEqual(
      expect.arrayContaining([
        'GET /incoming/echo/#.txt',
        'PUT /processed/echo/#.txt/echo/~/echo.json',
        'PUT /processed/echo/#.txt/echo/manifest.json',
        'PUT /processed/echo/#.txt/echo/echo.json',
      ]),
    )
    await told()
  })
})

describe('a connection that is reset', () => {
  it('in the middle of what is read or written costs neither an attempt nor a byte', async () => {
    const keys = keysOf('cut', 6)
    store.breakBy(
      once(
        ({ path }) => path.includes('/echo/cut-'),
        ({ method }) => ({
          kind: method === 'PUT' ? 'cut-request' : 'cut-reply',
          afterBytes: 1 + dice.below(method === 'PUT' ? 300 : 90 * KIB),
        }),
      ),
    )
    const madeBefore = store.made
    await upload(keys, 120 * KIB)
    expect(await doneOnce(keys)).toEqual(keys)
    store.heal()
    // Source, file, manifest and pointer of each.
    expect(store.made - madeBefore).toBeGreaterThanOrEqual(4 * keys.length)
  })

  it('with all the others, again and again, does neither', async () => {
    const keys = keysOf('resets', 20)
    const cutting = setInterval(() => wire.cut(), 150)
    try {
      await upload(keys, 20 * KIB)
      expect(await doneOnce(keys)).toEqual(keys)
    } finally {
      clearInterval(cutting)
    }
  })
})

describe('a slow store', () => {
  it('of 50 KB a second, and one that says nothing for 20 s, are waited for', async () => {
    const [trickle, stalled] = [keysOf('trickle', 1), keysOf('stalled', 3)]
    wire.throttle(50 * KIB)
    const isStalled = [
      (call: StoreCall) => call.path === `/incoming/${stalled[0]}` && call.method === 'GET',
      (call: StoreCall) =>
        call.path === `/processed/${stalled[1]}/echo/manifest.json` && call.method === 'PUT',
      (call: StoreCall) => call.path.startsWith(`/processed/${stalled[2]}/echo/~`) && call.method === 'PUT',
    ]
    store.breakBy(
      once(
        (call) => isStalled.some((is) => is(call)),
        () => ({ kind: 'stall', ms: 20_000 }),
      ),
    )
    const madeBefore = store.made
    await upload(trickle, 200 * KIB)
    await upload(stalled)
    const keys = [...trickle, ...stalled]
    expect(await doneOnce(keys)).toEqual(keys)
    wire.throttle(Infinity)
    store.heal()
    expect(store.made - madeBefore).toBe(3)
  })
})

describe('a store that refuses', () => {
  it('everything (503) is waited for: no attempt is spent, the reason is said, and no connection is left open', async () => {
    const told = await watchFault(used.stack, 'store refuses')
    const [worker = 0] = runtime.workerPids()
    const filesBefore = openFiles(worker)
    const keys = keysOf('refused', 8)
    store.breakBy(() => ({ kind: 'refuse', status: 503, code: 'SlowDown' }))
    const madeBefore = store.made
    await upload(keys)
    const waiting = await used.runs.reached(keys[0] ?? '', 'retrying', 60_000)
    expect(waiting).toMatchObject({
      attempts: 0,
      reason: expect.stringMatching(/^the store is away: .*SlowDown/),
    })
    store.heal()
    await told()
    expect(await doneOnce(keys)).toEqual(keys)
    expect(store.made - madeBefore).toBeGreaterThan(2 * keys.length)
    await waitFor(async () => openFiles(worker) <= filesBefore + 2, {
      timeoutMs: 30_000,
      what: `the worker to have no more than ${filesBefore + 2} files open`,
    })
  })

  it('writes, because it is full (507), is given time to be emptied before the work is thrown away', async () => {
    const told = await watchFault(used.stack, 'store full')
    const keys = keysOf('full', 4)
    store.breakBy(({ method }) =>
      method === 'PUT' ? { kind: 'refuse', status: 507, code: 'XMinioStorageFull' } : undefined,
    )
    const madeBefore = store.made
    await upload(keys)
    await waitFor(async () => store.made - madeBefore >= 4 * keys.length, {
      timeoutMs: 30_000,
      what: 'the store to have refused each file four times',
    })
    store.heal()
    await told()
    expect(await doneOnce(keys)).toEqual(keys)
  })
})
