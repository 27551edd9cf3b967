/** The outcome of an attempt whose source could not be read, whatever its handler makes of that. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAttemptOutput } from '../../runtime/output/attempt-output.ts'
import { resultPlace } from '../../runtime/output/layout.ts'
import { defineFunction, PermanentError, type FunctionDefinition, type Source } from '../../runtime/index.ts'
import { createStorage } from '../../runtime/storage/client.ts'
import { handle } from '../../runtime/worker/attempt/handle.ts'
import { Late } from '../../runtime/worker/attempt/late.ts'
import type { Outcome } from '../../runtime/worker/attempt/outcome.ts'
import { createRangeProxy } from '../../runtime/worker/source/proxy.ts'
import { createInFlight } from '../../runtime/worker/in-flight.ts'
import { objectOf, silentLog } from '../helpers/source.ts'
import { NO_STRAYS } from '../helpers/strays.ts'
import { startTestStore, type TestStore } from '../helpers/store.ts'

const proxy = createRangeProxy(silentLog)
let store: TestStore

beforeAll(async () => {
  store = await startTestStore({ plain: ['plain', 'processed'] })
})

afterAll(async () => {
  await proxy.close()
  await store.stop()
})

/** The outcome of a handler that calls `use` after `change` has changed the source. */
async function outcomeOf(
  use: (source: Source) => Promise<void>,
  change: (key: string) => Promise<unknown>,
  storage = store.storage,
): Promise<Outcome> {
  const key = 'clip.mp4'
  await store.storage.put('plain', key, { bytes: Buffer.from('first') }, { contentType: 'video/mp4' })
  const event = await objectOf(store.storage, 'plain', key)
  const definition: FunctionDefinition = defineFunction(
    { name: 'tested', version: '1', on: { bucket: 'plain' } },
    async (c) => {
      await change(key)
      await use(c.var.source)
      return c.json({})
    },
  )
  const place = resultPlace({
    sourceBucket: 'plain',
    sourceKey: key,
    functionName: 'tested',
    outputBucket: 'processed',
  })
  const claim = { runId: '0'.repeat(32), attempts: 0, epoch: 0, payload: { ...event, eventTimeMs: 0 } }
  const attempt = createInFlight(30_000).add(claim as never, definition)
  return handle(
    { storage, proxy, strays: NO_STRAYS, downloadBelowBytes: 0 },
    {
      attempt,
      log: silentLog,
      event,
      scratch: () => '/nonexistent',
      options: {},
      output: new Late(
        () => createAttemptOutput({ storage, place, attempt: '01J00000000000000000000000' }),
        (made) => made.abandon(new Error('its attempt has ended')),
      ),
    },
  )
}

const overwrite = (key: string) =>
  store.storage.put('plain', key, { bytes: Buffer.from('other') }, { contentType: 'video/mp4' })
const remove = (key: string) => store.storage.remove('plain', key)
const keep = () => Promise.resolve()

/** Like a handler whose tool only sees that its input is not media. */
const misjudge = async (source: Source) => {
  await source.bytes(0, 1).catch(() => undefined)
  throw new PermanentError('the file is no media')
}

describe('a handler that fails because of its source', () => {
  it.each([
    { what: 'overwritten', change: overwrite, kind: 'superseded' },
    { what: 'removed', change: remove, kind: 'source-gone' },
  ])('does not make a dead letter of one that was $what', async ({ change, kind }) => {
    expect(await outcomeOf(misjudge, change)).toMatchObject({ kind, reason: /while the attempt ran/ })
  })

  it('is handed back uncounted when it was the store', async () => {
    const { accessKey } = store.options.credentials
    const refused = createStorage({
      ...store.options,
      credentials: { accessKey, secretKey: 'not-the-secret' },
    })
    expect(await outcomeOf(misjudge, keep, refused)).toMatchObject({ kind: 'released' })
    refused.close()
  })

  it('fails with its own error when the source was read', async () => {
    expect(await outcomeOf(misjudge, keep)).toMatchObject({ kind: 'permanent' })
  })
})

/** Like a tool that takes the end of its input for the end of the file. */
const overlook = async (source: Source) =>
  void (await fetch(await source.input()).then((answer) => answer.text()))

describe('a handler that succeeds although its tool could not read the source', () => {
  it('has not succeeded', async () => {
    expect(await outcomeOf(overlook, remove)).toMatchObject({ kind: 'source-gone' })
  })

  it('has succeeded when the tool retried and could read it', async () => {
    let key = ''
    const persistent = async (source: Source) => {
      await overlook(source)
      await store.storage.put('plain', key, { bytes: Buffer.from('first') }, { contentType: 'video/mp4' })
      await overlook(source)
    }
    const outcome = await outcomeOf(persistent, (removed) => {
      key = removed
      return remove(removed)
    })
    expect(outcome).toMatchObject({ kind: 'succeeded' })
  })
})

it('a handler that does without its source succeeds', async () => {
  const forgiving = async (source: Source) => void (await source.bytes(0, 1).catch(() => undefined))
  expect(await outcomeOf(forgiving, remove)).toMatchObject({ kind: 'succeeded' })
})
