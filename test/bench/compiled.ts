/** Our side as the image runs it: compiled by `tsc`, as the peer's packages are. Under tsx it is a quarter slower. @module */
import { join, relative } from 'node:path'
import { ensureBuild, rootDir } from '../../infra/build/build.mjs'

/** Where the JavaScript of a module of this project is. */
export function compiledPath(sourcePath: string): string {
  const dir = ensureBuild()
  if (!dir) throw new Error(`nothing can be compiled in ${rootDir}`)
  return join(dir, relative(rootDir, sourcePath)).replace(/\.ts$/, '.js')
}
