import { describe, expect, it } from 'vitest'
import { createRunService } from '../../../../runtime/api/runs/service.ts'
import type { History } from '../../../../runtime/queue/history.ts'
import type { RerunOutcome, RerunRequest, Queue } from '../../../../runtime/queue/queue.ts'
import type { RunState } from '../../../../runtime/queue/run.ts'
import { StorageError } from '../../../../runtime/storage/errors.ts'
import type { Storage } from '../../../../runtime/storage/storage.ts'
import { functionNamed, only, RUN_ID, runOf, storeWith } from '../objects/facts.ts'

const links = (bucket: string, key: string) => `http://store/${bucket}/${key}?signed`

async function retry(
  state: RunState,
  { force = false, outcome = 'queued' }: { force?: boolean; outcome?: RerunOutcome } = {},
) {
  const asked: RerunRequest[] = []
  const service = createRunService({
    queue: only<Queue>({
      run: () => Promise.resolve(runOf({ state })),
      async rerun(request) {
        asked.push(request)
        return [outcome]
      },
    }),
    history: only<History>({ tries: () => Promise.resolve([]) }),
    storage: storeWith({
      head: () =>
        Promise.resolve({ etag: 'e', versionId: 'v1', sizeBytes: 10, lastModifiedMs: 0, metadata: {} }),
    }),
    functions: [functionNamed('cut')],
    links,
  })
  const answer: unknown = await service.retry(RUN_ID, { force }).catch((error: unknown) => error)
  return { answer, asked }
}

describe('a retry', () => {
  it.each(['dead', 'cancelled', 'superseded', 'source-gone'] as const)(
    'of a run that is %s',
    async (state) => {
      const { answer, asked } = await retry(state)
      expect(answer).toMatchObject({ id: RUN_ID })
      expect(asked).toMatchObject([{ trigger: state === 'dead' ? 'redrive' : 'reprocess', isForced: false }])
    },
  )

  it.each(['succeeded', 'queued', 'running', 'retrying'] as const)(
    'of a run that is %s needs force',
    async (state) => {
      const refused = await retry(state)
      expect(refused.answer).toMatchObject({ kind: 'conflict', message: expect.stringContaining('"force"') })
      expect(refused.asked).toEqual([])
      const forced = await retry(state, { force: true })
      expect(forced.answer).toMatchObject({ id: RUN_ID })
      expect(forced.asked).toMatchObject([{ trigger: 'reprocess', isForced: true }])
    },
  )

  it.each([
    ['busy', 'conflict'],
    ['ended', 'conflict'],
    ['unknown', 'not-found'],
  ] as const)('that the queue answers with %s is refused: %s', async (outcome, kind) => {
    const { answer } = await retry('dead', { outcome })
    expect(answer).toMatchObject({ name: 'RefusedError', kind, message: expect.stringContaining(RUN_ID) })
  })
})

describe('a shortened id', () => {
  const serviceKnowing = (...ids: readonly string[]) =>
    createRunService({
      queue: only<Queue>({
        run: (id) => Promise.resolve(ids.includes(id) ? runOf({}, id) : undefined),
        cancel: () => Promise.resolve('cancelled'),
      }),
      history: only<History>({
        tries: () => Promise.resolve([]),
        runsBeginning: (digits) => Promise.resolve(ids.filter((id) => id.startsWith(digits))),
      }),
      storage: storeWith({}),
      functions: [functionNamed('cut')],
      links,
    })
  const [ONE, TWO] = ['a', 'b'].map((letter) => `01234567${letter.repeat(24)}`) as [string, string]

  it('is the only run whose id starts with it', async () => {
    expect(await serviceKnowing(ONE, TWO).get('01234567a')).toMatchObject({ id: ONE })
    expect(await serviceKnowing(ONE).cancel('01234567')).toMatchObject({ id: ONE })
    expect(await serviceKnowing(ONE).get('76543210')).toBeUndefined()
    await expect(serviceKnowing(ONE).retry('76543210', { force: true })).rejects.toMatchObject({
      kind: 'not-found',
    })
  })

  it('is refused with how many there are when several start with it', async () => {
    const service = serviceKnowing(ONE, TWO)
    const refused = { kind: 'conflict', details: { candidates: 2 } }
    await expect(service.get('01234567')).rejects.toMatchObject(refused)
    await expect(service.retry('01234567', { force: true })).rejects.toMatchObject(refused)
    await expect(service.cancel('01234567')).rejects.toMatchObject(refused)
  })
})

describe('the location of the results of a run', () => {
  const source = { bucket: 'incoming', key: 'a.mp4', generation: 'v1', etag: 'e', sizeBytes: 10 }
  const common = { schema: 1, run: RUN_ID, attempt: 'x', epoch: 0, function: 'cut' }
  const at = { source: { ...source, lastModified: '2026-01-01T00:00:00Z' } }
  const file = { key: 'a.mp4/cut/~x/0.mp4', role: 'chunk', contentType: 'video/mp4', bytes: 5 }
  const manifest = {
    ...common,
    ...at,
    functionVersion: '1',
    options: {},
    tools: {},
    pointers: {},
    totals: {},
    hops: 0,
    warnings: [],
    startedAt: '2026-01-01T00:00:00Z',
    finishedAt: '2026-01-01T00:00:00Z',
    files: Array.from({ length: 1_001 }, () => ({ ...file, sha256: '0'.repeat(64) })),
  }
  const verdict = {
    ...common,
    ...at,
    state: 'dead',
    reason: 'no',
    attempts: 1,
    lastLines: [],
    at: manifest.startedAt,
  }
  const texts = (key: string, text: object): Partial<Storage> => ({
    readText: (_, asked) =>
      Promise.resolve(asked === key ? { text: JSON.stringify(text), etag: 'e' } : undefined),
  })
  const get = (state: RunState, store: Partial<Storage>, options?: { readonly hasLinks: boolean }) =>
    createRunService({
      queue: only<Queue>({ run: () => Promise.resolve(runOf({ state })) }),
      history: only<History>({ tries: () => Promise.resolve([]) }),
      storage: storeWith(store),
      functions: [functionNamed('cut')],
      links,
    }).get(RUN_ID, options)
  const MANIFEST = 'a.mp4/cut/manifest.json'

  it('has links to the first fifty outputs on request', async () => {
    const { outputs = [] } = (await get('succeeded', texts(MANIFEST, manifest), { hasLinks: true })) ?? {}
    expect(outputs).toHaveLength(1_000)
    expect(outputs[49]?.url).toBe('http://store/processed/a.mp4/cut/~x/0.mp4?signed')
    expect(outputs[50]).not.toHaveProperty('url')
  })

  it('is its manifest with its first files, or its verdict', async () => {
    const succeeded = await get('succeeded', texts(MANIFEST, manifest))
    expect(succeeded).toMatchObject({ manifest: { bucket: 'processed', key: MANIFEST }, outputCount: 1_001 })
    expect(succeeded?.outputs).toHaveLength(1_000)
    expect(succeeded?.outputs?.[0]).toMatchObject({ bucket: 'processed', ...file })
    const key = 'a.mp4/cut.verdict.json'
    expect(await get('dead', texts(key, verdict))).toMatchObject({ verdict: { bucket: 'metadata', key } })
  })

  it.each([
    ['the manifest is of another run', texts(MANIFEST, { ...manifest, run: 'other' })],
    ['there is none', {}],
  ])('is left out when %s', async (_name, store) => {
    const run = await get('succeeded', store)
    expect(run).toMatchObject({ id: RUN_ID })
    expect(run).not.toHaveProperty('manifest')
  })

  it.each([
    ['MinIO does not answer', 'ECONNREFUSED', {}],
    ['larger than 8 MiB', 'EntityTooLarge', { manifest: { bucket: 'processed', key: MANIFEST } }],
  ])('is unknown, with the reason, and the run is shown: %s', async (reason, code, rest) => {
    const readText = () => Promise.reject(new StorageError('no', { code }))
    const run = await get('succeeded', { readText })
    expect(run).toMatchObject({ id: RUN_ID, resultsUnknown: expect.stringContaining(reason), ...rest })
  })
})

it('a run that cannot be read is shown, retried and cancelled with its reason', async () => {
  const service = createRunService({
    queue: only<Queue>({
      run: () => Promise.reject(new SyntaxError('its payload is gone')),
      cancel: () => Promise.resolve(undefined),
    }),
    history: only<History>({}),
    storage: storeWith({}),
    functions: [],
    links,
  })
  for (const asked of [service.get(RUN_ID), service.retry(RUN_ID, { force: true }), service.cancel(RUN_ID)])
    await expect(asked).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringMatching(/cannot be read in Redis: its payload is gone\. .*sluice sweep/),
    })
})
