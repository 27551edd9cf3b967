/** Runs a module of the project as JavaScript, or under tsx if it cannot be compiled. @module */
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ensureBuild, rootDir } from './build.mjs'

/** @param entryPath - the path with which the module starts its children if it runs under tsx */
export async function launch(modulePath, entryPath) {
  const dir = ensureBuild()
  const path = dir ? join(dir, modulePath.replace(/\.ts$/, '.js')) : join(rootDir, modulePath)
  if (dir) {
    // Also in children, which inherit the flag.
    await import('./stacks.cjs')
    process.execArgv.push('--require', fileURLToPath(new URL('stacks.cjs', import.meta.url)))
  } else {
    const { register } = await import('tsx/esm/api')
    register()
  }
  process.argv[1] = dir ? path : (entryPath ?? path)
  await import(pathToFileURL(path).href)
}
