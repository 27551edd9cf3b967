/** Functions, runs and a store for tests of the services. @module */
import { defineFunction, type FunctionDefinition } from '../../../../runtime/function/definition.ts'
import { parseRun } from '../../../../runtime/queue/run-record.ts'
import type { RunRecord } from '../../../../runtime/queue/run.ts'
import type { Storage } from '../../../../runtime/storage/storage.ts'

export const RUN_ID = 'f'.repeat(32)

export function functionNamed(
  name: string,
  rest: Partial<Parameters<typeof defineFunction>[0]> = {},
): FunctionDefinition {
  return defineFunction({ name, version: '1', on: { bucket: 'incoming' }, ...rest }, () => new Response())
}

/** A run of `cut` for `incoming/a.mp4`, unless its fields differ. */
export function runOf(fields: Record<string, string> = {}, runId = RUN_ID): RunRecord {
  const payload = {
    bucket: 'incoming',
    key: 'a.mp4',
    generation: 'v1',
    versionId: 'v1',
    etag: 'e',
    sizeBytes: 10,
    lastModifiedMs: 0,
    eventTimeMs: 0,
  }
  const given = {
    fn: 'cut',
    state: 'queued',
    payload: JSON.stringify(payload),
    trigger: 'upload',
    lane: 'live',
    attempts: '0',
    crashes: '0',
    epoch: '0',
    fence: '1',
    copies: '2',
    dups: '0',
    createdAt: '1000',
  }
  return parseRun(runId, { ...given, ...fields }) as RunRecord
}

/** A part of a `T`; the rest must not be used. */
export function only<T>(rest: Partial<T>): T {
  return rest as T
}

/** An empty store, apart from `rest`. */
export function storeWith(rest: Partial<Storage>): Storage {
  return only<Storage>({
    head: () => Promise.resolve(undefined),
    readText: () => Promise.resolve(undefined),
    async *list() {},
    ...rest,
  })
}
