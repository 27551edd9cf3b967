/** MinIO's client on a search path; Midnight Commander has the same name. @module */
import { stretched } from '../../time.ts'
import { execFile } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The first `mc` that says that it is MinIO's. Shape: `mc version RELEASE.2025-… (commit-id=…)`. */
export async function findMc(path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter).filter(Boolean)) {
    const file = join(folder, 'mc')
    const { stdout } = await run(file, ['--version'], { timeout: stretched(20_000) }).catch(() => ({
      stdout: '',
    }))
    if (stdout.startsWith('mc version ')) return file
  }
  return undefined
}
