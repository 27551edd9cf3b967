/** For tests of functions: the production attempt on a file or on bytes, without servers. @module */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { runLocally, type LocalRun, type LocalRunRequest } from './desk/local-run.ts'
import type { FunctionDefinition, Progress } from './function/definition.ts'
import type { Mismatch } from './function/routing.ts'
import type { Manifest } from './output/manifest.ts'
import { createLogger } from './telemetry/logger.ts'

export interface TestRequest extends Pick<
  LocalRunRequest,
  'options' | 'metadata' | 'contentType' | 'signal' | 'isInRanges' | 'store'
> {
  /** The source: the path of a file, or its bytes. */
  readonly object: string | Uint8Array
  /** The key that the function sees. @defaultValue the name of the file; needed for bytes */
  readonly key?: string
}

/** A file of the result: as in the manifest, with its name and where it is on disk. */
export type TestedFile = Manifest['files'][number] & { readonly name: string; readonly path: string }

export interface TestedRun {
  /** `succeeded`; `permanent`: the run would be a dead letter; `retry`: a worker would try again; else how it was ended. */
  readonly status: LocalRun['outcome']['kind']
  /** Why there is no result. */
  readonly error?: string
  /** Of the tool that failed. */
  readonly lastLines: readonly string[]
  /** Undefined without a result. */
  readonly manifest?: Manifest
  /** In the order of the manifest: chunks by time, then the others by key. */
  readonly files: readonly TestedFile[]
  /** As far as it was looked at: four times a second. */
  readonly progress: readonly Progress[]
  /** Lines of the log, from the handler and the runtime: `{ level: 'warn', msg: '…', … }`. */
  readonly logs: readonly Readonly<Record<string, unknown>>[]
  /** Why an upload with this key would not start the function; it was called here all the same. */
  readonly mismatch?: Mismatch
  /** Removes the files of the result; `await using` does it by itself. */
  remove(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Runs one attempt of a function as a worker does: options, source, output, time limits, commit. Results are files on disk.
 *
 *     await using run = await testFunction(thumbnail, { object: 'clip.mp4', options: { width: 320 } })
 *     expect(run.files).toMatchObject([{ name: 'thumbnail.jpg', contentType: 'image/jpeg' }])
 *
 * @throws when the source cannot be read; everything that the handler throws is in the result
 */
export async function testFunction(definition: FunctionDefinition, request: TestRequest): Promise<TestedRun> {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-tested-'))
  const remove = () => rm(dir, { recursive: true, force: true })
  const progress: Progress[] = []
  const logs: Readonly<Record<string, unknown>>[] = []
  const write = (line: string) => void logs.push(JSON.parse(line) as Readonly<Record<string, unknown>>)
  try {
    const { outcome, manifest, mismatch, pathOf } = await runLocally(definition, {
      ...request,
      file: await fileOf(request, dir),
      out: join(dir, 'out'),
      log: createLogger({ level: 'debug', format: 'json', write }),
      onProgress: (report) => void progress.push(report),
    })
    const error = 'error' in outcome ? outcome.error : 'reason' in outcome ? outcome.reason : undefined
    return {
      status: outcome.kind,
      ...(error !== undefined && { error }),
      lastLines: 'lines' in outcome ? outcome.lines : [],
      ...(manifest && { manifest }),
      files: (manifest?.files ?? []).map((file) => ({
        ...file,
        name: file.key.replace(/^.*\/~[^/]+\//, ''),
        path: pathOf(file.key),
      })),
      progress,
      logs,
      ...(mismatch !== undefined && { mismatch }),
      remove,
      [Symbol.asyncDispose]: remove,
    }
  } catch (error) {
    await remove()
    throw error
  }
}

async function fileOf({ object, key }: TestRequest, dir: string): Promise<string> {
  if (typeof object === 'string') return object
  if (key === undefined) throw new TypeError('testFunction: an object that is bytes needs a key')
  const path = join(dir, 'source', basename(key))
  await mkdir(join(dir, 'source'))
  await writeFile(path, object)
  return path
}
