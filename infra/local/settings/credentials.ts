/** The accounts of the local stack: random, created once, kept in a file that only its owner can read. @module */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { Config } from '../../../runtime/settings/config.ts'
import { PRIVATE_DIR } from './data-dir.ts'

const account = z.object({ accessKey: z.string().min(3), secretKey: z.string().min(8) })
/** A file of an older version lacks the account of reception. */
const schema = z.object({ root: account, runtime: account, uploader: account, streams: account.optional() })

export interface LocalCredentials extends z.output<typeof schema> {
  /** Creates the others; the runtime never has it. */
  readonly root: z.output<typeof account>
  readonly streams: z.output<typeof account>
}

/** Reads the file; creates it, or accounts that it lacks, if necessary. */
export async function loadCredentials(path: string): Promise<LocalCredentials> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  const kept = text === undefined ? undefined : parse(text, path)
  const credentials = {
    root: kept?.root ?? create('root'),
    runtime: kept?.runtime ?? create('runtime'),
    uploader: kept?.uploader ?? create('uploader'),
    streams: kept?.streams ?? create('streams'),
  }
  if (!kept?.streams) await write(path, credentials)
  return credentials
}

function parse(text: string, path: string): z.output<typeof schema> {
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw new Error(`${path} is damaged. Remove it: new accounts are created, and the data is kept.`, {
      cause,
    })
  }
}

/** MinIO allows 20 characters for a key and 40 for a secret. */
function create(name: string): z.output<typeof account> {
  return {
    accessKey: `${name}-${randomBytes(4).toString('hex')}`,
    secretKey: randomBytes(20).toString('hex'),
  }
}

/** Completely or not at all, and never readable by others. */
async function write(path: string, credentials: LocalCredentials): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: PRIVATE_DIR })
  const draft = `${path}.${process.pid}`
  await writeFile(draft, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 })
  await rename(draft, path)
}

/** Accounts in the environment override those in the file. */
export function preferGiven(credentials: LocalCredentials, config: Config): LocalCredentials {
  return {
    root: config.rootCredentials ?? credentials.root,
    runtime: config.runtimeCredentials ?? credentials.runtime,
    uploader: config.uploaderCredentials ?? credentials.uploader,
    streams: config.streamsCredentials ?? credentials.streams,
  }
}
