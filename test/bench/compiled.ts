/** Our side as the image runs it: compiled by `tsc`, as the peer's packages are. Under tsx it is a quarter slower. @module */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { promisify } from 'node:util'

const ROOT = join(import.meta.dirname, '..', '..')
const SCRIPTS = join('runtime', 'queue', 'scripts')

export interface Compiled {
  /** Where the JavaScript of a module of this project lies. */
  readonly pathOf: (sourcePath: string) => string
  readonly remove: () => Promise<void>
}

/** @throws {Error} with the compiler's words */
export async function compile(): Promise<Compiled> {
  // In the project's folder, or Node would not find the packages.
  const outDir = await mkdtemp(join(import.meta.dirname, 'compiled-'))
  const remove = () => rm(outDir, { recursive: true, force: true })
  try {
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
    await promisify(execFile)(process.execPath, [tsc, '--noCheck', '--outDir', outDir], { cwd: ROOT })
    await cp(join(ROOT, SCRIPTS), join(outDir, SCRIPTS), {
      recursive: true,
      filter: (path) => basename(path) === 'scripts' || path.endsWith('.lua'),
    })
  } catch (error) {
    await remove()
    throw error
  }
  return {
    pathOf: (sourcePath) => join(outDir, relative(ROOT, sourcePath)).replace(/\.ts$/, '.js'),
    remove,
  }
}
