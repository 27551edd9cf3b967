/** Secrets as files that only their owner can read: created once, kept, and rotated on request. @module */
import { chmod, chown, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { derivedFiles, newSecret, SECRETS, type SecretName } from './plan.ts'

export interface KeepOptions {
  readonly dir: string
  /** SLUICE_NAME, which is part of keys in Redis, and so of its users' rights. */
  readonly name: string
  readonly rotate: readonly SecretName[]
  /** The user of the containers, if this process may give files away; otherwise the current user owns them. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined
}

export interface KeepResult {
  /** Names of files; their contents are never returned. */
  readonly made: readonly string[]
  readonly changed: readonly string[]
}

/** Safe to run again: existing secrets stay, except those to be rotated and the files made from them. */
export async function keepSecrets({ dir, name, rotate, owner }: KeepOptions): Promise<KeepResult> {
  await mkdir(dir, { recursive: true })
  await chmod(dir, 0o700)
  const [made, changed]: [string[], string[]] = [[], []]
  async function keep(file: string, wanted: (current: string | undefined) => string): Promise<string> {
    const path = join(dir, file)
    const current = await readIfThere(path)
    const text = wanted(current)
    if (text !== current) {
      await writeWhole(path, text)
      ;(current === undefined ? made : changed).push(file)
    }
    await chmod(path, 0o600)
    if (owner) await chown(path, owner.uid, owner.gid)
    return text
  }
  const secrets = new Map<SecretName, string>()
  for (const secret of SECRETS) {
    const isKept = !rotate.includes(secret)
    secrets.set(secret, (await keep(secret, (current) => (isKept && current) || newSecret())).trim())
  }
  const secretOf = (secret: SecretName) => secrets.get(secret) as string
  for (const derived of derivedFiles(name))
    await keep(derived.file, (current) => derived.make(secretOf, current))
  if (owner) await chown(dir, owner.uid, owner.gid)
  return { made, changed }
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}

/** Complete or not at all, and never readable by others. */
async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}`
  await writeFile(draft, text, { mode: 0o600 })
  await rename(draft, path)
}
