/** Finds an installed Go that can build the module in `go-programs/`. @module */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PATIENCE_MS } from '../patience.ts'
import { rootDir } from '../root.ts'
import { findAllOnPath } from './search-path.ts'

const run = promisify(execFile)

export const GO_PROGRAMS_DIR = join(rootDir, 'infra', 'local', 'programs', 'go-programs')

/** The first Go that is new enough. Go's own installer does not put itself on PATH. */
export async function findGo(): Promise<string | undefined> {
  const needed = neededVersion(await readFile(join(GO_PROGRAMS_DIR, 'go.mod'), 'utf8'))
  const paths = [...(await findAllOnPath('go')), ...(await findAllOnPath('go', '/usr/local/go/bin'))]
  for (const path of paths) {
    // Without GOTOOLCHAIN=local an old Go would fetch a newer one at once, whose hash is not pinned here.
    const env = { ...process.env, GOTOOLCHAIN: 'local' }
    const { stdout } = await run(path, ['version'], { env, timeout: PATIENCE_MS }).catch(() => ({
      stdout: '',
    }))
    if (isRecentGo(stdout, needed)) return path
  }
  return undefined
}

export type GoVersion = readonly [major: number, minor: number]

/** Shape: a line `go 1.24.0`. */
export function neededVersion(goMod: string): GoVersion {
  return versionOf(/^go (\S+)$/m.exec(goMod)?.[1] ?? '') ?? [1, 24]
}

/** Shape: `go version go1.26.8 linux/amd64`; builds from Go's own sources print `devel`, and are trusted. */
export function isRecentGo(output: string, needed: GoVersion): boolean {
  if (output.startsWith('go version devel ')) return true
  const found = versionOf(/^go version go(\S+)/.exec(output)?.[1] ?? '')
  if (!found) return false
  return found[0] > needed[0] || (found[0] === needed[0] && found[1] >= needed[1])
}

function versionOf(text: string): GoVersion | undefined {
  const match = /^(\d+)\.(\d+)/.exec(text)
  return match ? [Number(match[1]), Number(match[2])] : undefined
}
