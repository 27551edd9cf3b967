/** The accounts of the local stack: random, made once, kept in a file that only its owner reads. @module */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { Config } from '../../../runtime/settings/config.ts'
import { PRIVATE_DIR } from './data-dir.ts'

const account = z.object({ accessKey: z.string().min(3), secretKey: z.string().min(8) })
const schema = z.object({ root: account, runtime: account, uploader: account })

export interface LocalCredentials extends z.output<typeof schema> {
  /** Makes the two others; the runtime never sees it. */
  readonly root: z.output<typeof account>
}

/** Those in the file, which is written when there is none. */
export async function loadCredentials(path: string): Promise<LocalCredentials> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return createCredentials(path)
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw new Error(`${path} is damaged. Remove it: new accounts are made, and the data stays.`, { cause })
  }
}

async function createCredentials(path: string): Promise<LocalCredentials> {
  // MinIO allows 20 characters for a key and 40 for a secret.
  const create = (name: string) => ({
    accessKey: `${name}-${randomBytes(4).toString('hex')}`,
    secretKey: randomBytes(20).toString('hex'),
  })
  const credentials = { root: create('root'), runtime: create('runtime'), uploader: create('uploader') }
  await mkdir(dirname(path), { recursive: true, mode: PRIVATE_DIR })
  // Complete or not at all, and never readable by others.
  const draft = `${path}.${process.pid}`
  await writeFile(draft, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 })
  await rename(draft, path)
  return credentials
}

/** What the environment gives stands before what the file holds. */
export function preferGiven(credentials: LocalCredentials, config: Config): LocalCredentials {
  return {
    root: config.rootCredentials ?? credentials.root,
    runtime: config.runtimeCredentials ?? credentials.runtime,
    uploader: config.uploaderCredentials ?? credentials.uploader,
  }
}
