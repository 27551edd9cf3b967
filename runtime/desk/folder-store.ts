/**
 * A store that is folders of this machine: the source is a file as it lies there, and results become files under
 * `<out>/<bucket>/<key>`. Objects beside the source are the files beside it.
 * @module
 */
import { createHash } from 'node:crypto'
import { createReadStream, statSync, type Stats } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, posix, relative, resolve, sep } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { StorageError } from '../storage/errors.ts'
import type { ListedObject, ObjectHead, PutBody, Storage } from '../storage/storage.ts'

export interface FolderStoreParts {
  /** The source: a file of this machine, read as it is. */
  readonly file: string
  readonly bucket: string
  readonly key: string
  readonly contentType?: string | undefined
  readonly metadata: Readonly<Record<string, string>>
  /** The folder of all results. */
  readonly out: string
  /** The store answers each call that reads or writes bytes only after this time. @defaultValue 0 */
  readonly delayMs?: number | undefined
  /** From this byte on the store gives nothing of the source. @defaultValue it gives all */
  readonly breaksAtByte?: number | undefined
}

export interface FolderStore extends Storage {
  readonly source: ObjectHead
  /** Where a result is on disk. */
  pathOf(bucket: string, key: string): string
}

const STEP_BYTES = 1024 * 1024

export function createFolderStore(parts: FolderStoreParts): FolderStore {
  const { file, out, breaksAtByte = Infinity } = parts
  const root = resolve(out)
  const source: ObjectHead = {
    ...headOf(file, statSync(file)),
    ...(parts.contentType !== undefined && { contentType: parts.contentType }),
    metadata: parts.metadata,
  }
  const isSource = (bucket: string, key: string) => bucket === parts.bucket && key === parts.key
  const slow = () => new Promise<void>((done) => setTimeout(done, parts.delayMs ?? 0))

  function pathOf(bucket: string, key: string): string {
    const path = resolve(root, bucket, key)
    if (!path.startsWith(root + sep)) throw new Error(`${bucket}/${key} leads out of ${root}`)
    return path
  }

  /** The file of an object: the source, a file beside it, or a result. */
  async function found(bucket: string, key: string): Promise<{ path: string; head: ObjectHead } | undefined> {
    if (isSource(bucket, key)) return { path: file, head: source }
    const isBeside = bucket === parts.bucket && posix.dirname(key) === posix.dirname(parts.key)
    const paths = [pathOf(bucket, key), ...(isBeside ? [join(dirname(file), posix.basename(key))] : [])]
    for (const path of paths) {
      const stats = await stat(path).catch(() => undefined)
      if (stats?.isFile()) return { path, head: headOf(path, stats) }
    }
    return undefined
  }

  async function mustExist(bucket: string, key: string) {
    const object = await found(bucket, key)
    if (object) return object
    throw new StorageError(`there is no ${bucket}/${key} on this machine`, {
      code: 'NoSuchKey',
      statusCode: 404,
    })
  }

  async function* steps(
    path: string,
    start: number,
    end: number,
    signal?: AbortSignal,
  ): AsyncGenerator<Buffer, void> {
    const last = path === file ? Math.min(end, breaksAtByte - 1) : end
    const options = { start, end: last, highWaterMark: STEP_BYTES, signal }
    if (last >= start) yield* createReadStream(path, options) as AsyncIterable<Buffer>
    // Not an error that is waited out: an attempt would be patient for a minute.
    if (last < end) throw new Error(`the store gives nothing from byte ${last + 1} on`)
  }

  async function write(path: string, body: PutBody, isNew: boolean) {
    await slow()
    await mkdir(dirname(path), { recursive: true })
    const taken = isNew && (await stat(path).catch(() => undefined))
    if (taken)
      throw new StorageError(`${path} is there already`, { code: 'PreconditionFailed', statusCode: 412 })
    await ('bytes' in body ? writeFile(path, body.bytes) : copyFile(body.path, path))
    const sha256Hex = await hashOfFile(path)
    return { etag: sha256Hex.slice(0, 32), sha256Hex }
  }

  return {
    source,
    pathOf,
    head: async (bucket, key) => (await found(bucket, key))?.head,
    async headWithBytes(bucket, key, { maxBytes }) {
      const object = await found(bucket, key)
      if (!object) return undefined
      const isWhole = object.head.sizeBytes <= Math.min(maxBytes, breaksAtByte)
      return { ...object.head, ...(isWhole && { bytes: await readFile(object.path) }) }
    },
    async get(bucket, key, { range = { start: 0 }, signal } = {}) {
      await slow()
      const { path, head } = await mustExist(bucket, key)
      return { head, body: Readable.from(steps(path, range.start, range.end ?? head.sizeBytes - 1, signal)) }
    },
    async pour(bucket, key, { range, signal }) {
      await slow()
      const { path, head } = await mustExist(bucket, key)
      return { head, steps: steps(path, range.start, range.end ?? head.sizeBytes - 1, signal) }
    },
    async readText(bucket, key) {
      const object = await found(bucket, key)
      return object && { text: await readFile(object.path, 'utf8'), etag: object.head.etag }
    },
    put: (bucket, key, body, { ifNoneMatch }) => write(pathOf(bucket, key), body, ifNoneMatch !== undefined),
    presignPut: (bucket, key) => Promise.resolve(pathOf(bucket, key)),
    putSigned: (path, body, { ifNoneMatch }) => write(path, body, ifNoneMatch !== undefined),
    async *list(bucket, { prefix = '' } = {}) {
      const folder = pathOf(bucket, '.')
      const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
      const keys = names
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => relative(folder, join(parentPath, name)).split(sep).join('/'))
      for (const key of keys.toSorted())
        if (key.startsWith(prefix)) yield listed(key, await mustExist(bucket, key))
    },
    remove: (bucket, key) => rm(pathOf(bucket, key), { force: true }),
    check: () => Promise.resolve(),
    close() {},
  }
}

function headOf(path: string, { size, mtimeMs }: Stats): ObjectHead {
  return {
    etag: createHash('md5').update(`${path} ${size} ${mtimeMs}`).digest('hex'),
    sizeBytes: size,
    lastModifiedMs: Math.floor(mtimeMs),
    metadata: {},
  }
}

function listed(key: string, { head }: { head: ObjectHead }): ListedObject {
  const { etag, sizeBytes, lastModifiedMs } = head
  return { key, etag, sizeBytes, lastModifiedMs, isLatest: true, isDeleteMarker: false }
}

async function hashOfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: STEP_BYTES }), hash)
  return hash.digest('hex')
}
