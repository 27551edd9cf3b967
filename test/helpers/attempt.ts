/** One attempt of a function on a local file: the real handler, with an Output that writes to a folder. @module */
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { Hono } from 'hono'
import type {
  FunctionDefinition,
  FunctionEnv,
  Output,
  OutputFacts,
  OutputFile,
  Progress,
} from '../../runtime/index.ts'
import { createLogger } from '../../runtime/telemetry/logger.ts'
import { localSource } from './local-source.ts'
import { waitFor } from './wait.ts'

export interface LocalAttempt {
  readonly scratch: string
  /** Where uploads end up. */
  readonly folder: string
  /** In the order in which they were handed over. */
  readonly files: OutputFile[]
  readonly facts: {
    probe?: unknown
    totals: Record<string, number>
    warnings: string[]
    tools: Record<string, string>
  }
  readonly progress: Progress[]
  /** The most files that waited at one time. */
  readonly mostWaiting: () => number
  /** How many ranges were asked of the source's URL. */
  readonly requests: () => number
  /** Runs the handler; rejects with its error. */
  run(): Promise<unknown>
  remove(): Promise<void>
}

export interface LocalAttemptOptions {
  readonly source: string
  readonly options?: Readonly<Record<string, unknown>>
  readonly signal?: AbortSignal
  /** Holds back each upload, as a slow store would. */
  readonly beforeSent?: (file: OutputFile) => Promise<void>
  /** How tools read the source. @defaultValue 'file' */
  readonly input?: 'file' | 'url'
  /** The proxy's brake works. @defaultValue true */
  readonly isBraked?: boolean
  /** Of a URL: from this byte on the store gives nothing. */
  readonly breaksAtByte?: number
}

/** As the runtime has it: while more outputs wait, the proxy holds bytes back. */
const MAX_WAITING = 4

export async function localAttempt(
  definition: FunctionDefinition,
  attemptOptions: LocalAttemptOptions,
): Promise<LocalAttempt> {
  const { source, options = {}, signal = new AbortController().signal, beforeSent } = attemptOptions
  const { input = 'file', breaksAtByte, isBraked = true } = attemptOptions
  const root = await mkdtemp(join(tmpdir(), 'sluice-attempt-'))
  const [scratch, folder] = [join(root, 'scratch'), join(root, 'out')]
  await mkdir(scratch)
  await mkdir(folder)
  const files: OutputFile[] = []
  const progress: Progress[] = []
  const facts: LocalAttempt['facts'] = { totals: {}, warnings: [], tools: {} }
  let [waiting, mostWaiting] = [0, 0]
  const made: Record<string, Promise<unknown>> = {}

  const output: Output = {
    async upload(file) {
      files.push(file)
      mostWaiting = Math.max(mostWaiting, ++waiting)
      await beforeSent?.(file)
      const parent = dirname(join(folder, file.name))
      made[parent] ??= mkdir(parent, { recursive: true })
      await made[parent]
      // Benchmarks count the processor time of attempts, and an upload is none of it.
      await rename(file.path, join(folder, file.name))
      waiting--
    },
    async json(value, file) {
      const path = join(scratch, basename(file.name))
      await writeFile(path, JSON.stringify(value))
      await output.upload({ ...file, path, contentType: 'application/json' })
    },
    describe({ probe, totals, warnings, tools }: OutputFacts) {
      if (probe !== undefined) facts.probe = probe
      Object.assign(facts.totals, totals)
      facts.warnings.push(...(warnings ?? []))
      Object.assign(facts.tools, tools)
    },
    folder: '~attempt/',
    get waiting() {
      return waiting
    },
  }

  const local = localSource(source, {
    input,
    scratch,
    breaksAtByte,
    room: async () => {
      const what = 'uploads to make room'
      await waitFor(async () => !isBraked || waiting <= MAX_WAITING, {
        timeoutMs: 30_000,
        what,
        intervalMs: 5,
      })
    },
  })

  const app = new Hono<FunctionEnv>()
  let thrown: Error | undefined
  app.onError((error, c) => {
    thrown = error
    return c.text('', 500)
  })
  app.use(async (c, next) => {
    const object = { bucket: 'incoming', key: basename(source), generation: 'v1', etag: 'e' }
    c.set('event', {
      ...object,
      sizeBytes: (await stat(source)).size,
      lastModifiedMs: 0,
      metadata: {},
    })
    c.set('run', { id: '0'.repeat(32), attempt: 1, epoch: 0 })
    c.set('options', definition.options.parse(options))
    c.set('source', local)
    c.set('output', output)
    c.set('signal', signal)
    c.set('progress', (report) => void progress.push(report))
    c.set('log', createLogger({ level: 'silent', format: 'json' }))
    c.set('scratch', scratch)
    await next()
  })
  app.post('/', definition.handler)

  return {
    scratch,
    folder,
    files,
    facts,
    progress,
    mostWaiting: () => mostWaiting,
    requests: local.requests,
    async run() {
      const response = await app.request('/', { method: 'POST' })
      if (thrown) throw thrown
      return response.json()
    },
    async remove() {
      await local.close()
      await rm(root, { recursive: true, force: true })
    },
  }
}

/** Names of the files that an attempt left in its scratch folder beside its source. */
export async function leftovers(attempt: LocalAttempt): Promise<readonly string[]> {
  return (await readdir(attempt.scratch)).filter((name) => name !== 'source')
}

/** Where the uploads of an attempt are, in the order in which they were handed over. */
export function pathsOf({ folder, files }: LocalAttempt): readonly string[] {
  return files.map(({ name }) => join(folder, name))
}
