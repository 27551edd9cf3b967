/** A stack and the questions to it, which the files beside it share. @module */
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect } from 'vitest'
import type { FunctionOfObject, ObjectView } from '../../../runtime/api/objects/model.ts'
import { createKeys, objectIdOf } from '../../../runtime/queue/keys.ts'
import { functions as all } from '../why-functions.ts'
import { useStack } from '../../helpers/runs.ts'
import { waitFor } from '../../helpers/wait.ts'

export const used = useStack({
  SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, '..', 'why-functions.ts'),
  SLUICE_FUNCTIONS: all
    .map(({ name }) => name)
    .filter((name) => name !== 'unserved')
    .join(','),
  SLUICE_LEASE: '1s',
})
export const keys = createKeys('sluice')
export let redis: Redis
beforeAll(() => {
  redis = new Redis(used.stack.redisUrl)
})
afterAll(() => redis.disconnect())

export async function view(object: string): Promise<ObjectView> {
  const slash = object.indexOf('/')
  const [bucket, key] = [object.slice(0, slash), object.slice(slash + 1)]
  const response = await fetch(`${used.stack.apiUrl}/v1/objects/${bucket}?key=${encodeURIComponent(key)}`)
  expect(response.status).toBe(200)
  return (await response.json()) as ObjectView
}

export const part = (seen: ObjectView, name: string) =>
  seen.functions.find((each) => each.name === name) as FunctionOfObject

/** The view when the function's part has come to this reason. */
export const reached = (
  object: string,
  name: string,
  reason: FunctionOfObject['reason'],
  timeoutMs = 20_000,
) => {
  let last: ObjectView | undefined
  return waitFor(
    async () => {
      last = await view(object)
      return part(last, name).reason === reason && last
    },
    { timeoutMs, what: `${object} to be ${reason} for ${name}` },
  ).catch((error: Error) => {
    throw new Error(`${error.message}; last seen: ${JSON.stringify(part(last as ObjectView, name))}`)
  })
}

export const post = async (path: string, body: object = {}) => {
  const response = await fetch(`${used.stack.apiUrl}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(response.ok, `${path}: ${response.status}`).toBe(true)
  return (await response.json()) as { id: string }
}

export const put = (key: string, body = 'hello') => used.runs.put(key, body)
/** As if Redis had lost everything about an object. */
export const forget = async (key: string) => {
  const ids = (await used.runs.of(key)).map(({ runId }) => keys.run(runId))
  await redis.del(keys.events(objectIdOf('incoming', key)), ...ids)
}
