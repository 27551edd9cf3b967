/** A stack whose functions take every object, and the files that an uploader finds in its buckets. @module */
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type { z } from 'zod'
import { parseManifest, type Manifest } from '../../runtime/output/manifest.ts'
import type { RunRecord } from '../../runtime/queue/run.ts'
import { createStorage } from '../../runtime/storage/client.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import type { toldSchema } from './any-functions.ts'
import { useStack, type Runs } from './runs.ts'
import { sha256Hex } from './sha256.ts'
import type { TestStack } from './stack.ts'
import { waitFor } from './wait.ts'

export interface Told extends z.output<typeof toldSchema> {
  readonly manifest: Manifest
}

export interface AnyStack {
  readonly stack: TestStack
  readonly runs: Runs
  /** By the uploader's account. */
  readonly uploader: Storage
  /** The function's report on the object whose results are there, read with an uploader's permissions. */
  told(place: string, functionName?: string): Promise<Told>
  /** The runs of an object, when there are so many and all of them have ended. */
  ended(key: string, count: number): Promise<readonly RunRecord[]>
  /** The only run of an object, when it has succeeded. */
  onlyRun(key: string): Promise<RunRecord>
  /** Those that were not done exactly once, when both copies of every event came in. */
  notDoneOnce(keys: readonly string[]): Promise<string[]>
}

/** For one file, with the functions of `any-functions.ts`. Read the fields inside tests. */
export function useAnyStack(): AnyStack {
  const used = useStack({ SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, 'any-functions.ts') })
  let uploader: Storage
  beforeAll(() => {
    const { minioEndpoint: endpoint, credentials } = used.stack
    uploader = createStorage({ endpoint, region: 'us-east-1', credentials: credentials.uploader })
  })
  afterAll(() => uploader.close())

  async function read(key: string): Promise<string> {
    const found = await uploader.readText('processed', key)
    if (!found) throw new Error(`nothing is at ${JSON.stringify(key)} in processed`)
    return found.text
  }

  return {
    get stack() {
      return used.stack
    },
    get runs() {
      return used.runs
    },
    get uploader() {
      return uploader
    },
    async told(place, functionName = 'any') {
      const manifest = parseManifest(await read(`${place}/${functionName}/manifest.json`))
      const [file] = manifest?.files ?? []
      if (!manifest || !file) throw new Error(`the manifest at ${JSON.stringify(place)} names no file`)
      const text = await read(file.key)
      if (sha256Hex(text) !== file.sha256) throw new Error(`${file.key} differs from the manifest`)
      return { ...(JSON.parse(text) as z.output<typeof toldSchema>), manifest }
    },
    ended: (key, count) =>
      waitFor(
        async () => {
          const all = await used.runs.of(key)
          return all.length === count && all.every((run) => run.endedAtMs !== undefined) && all
        },
        { timeoutMs: 30_000, what: `${count} runs of ${JSON.stringify(key)} to end` },
      ),
    async onlyRun(key) {
      const run = await used.runs.reached(key, 'succeeded')
      const all = await used.runs.of(key)
      if (all.length !== 1) throw new Error(`${JSON.stringify(key)} has ${all.length} runs`)
      return run
    },
    async notDoneOnce(keys) {
      const all = await used.runs.heardTwice(keys)
      return keys.filter((_, index) => all[index]?.length !== 1 || all[index][0]?.dups !== 0)
    },
  }
}
