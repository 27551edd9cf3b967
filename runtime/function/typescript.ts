/** Lists of functions in TypeScript, where the runtime itself runs compiled. @module */
import { existsSync } from 'node:fs'
import { register } from 'node:module'
import { basename, dirname, extname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'

const builtDir = join(import.meta.dirname, '..', '..')
const isCompiled = extname(import.meta.url) === '.js'
/** A clone compiles itself into `dist/build-…`; an image and a package have no sources. */
const sourceDir =
  isCompiled && basename(dirname(builtDir)) === 'dist' ? join(builtDir, '..', '..') : undefined

export interface Sources {
  readonly sourceDir: string
  readonly builtDir: string
}

/**
 * The address to import a list by: what was compiled from it, or its own once TypeScript can be read. Either way, what it
 * imports of this project are the modules that already run.
 */
export async function importableUrl(path: string): Promise<string> {
  const ownUrl = pathToFileURL(path).href
  if (!isCompiled || !/\.[cm]?ts$/.test(path)) return ownUrl
  const compiled = sourceDir && compiledFrom(path, { sourceDir, builtDir })
  if (compiled) return pathToFileURL(compiled).href
  await readTypeScript()
  return ownUrl
}

/** Undefined when the build has none of it. */
export function compiledFrom(path: string, { sourceDir, builtDir }: Sources): string | undefined {
  const inside = relative(sourceDir, path)
  if (!/^(?:functions|infra|runtime|test)\b/.test(inside) || !inside.endsWith('.ts')) return undefined
  const compiled = join(builtDir, inside.replace(/\.ts$/, '.js'))
  return existsSync(compiled) ? compiled : undefined
}

let isReady = false

async function readTypeScript(): Promise<void> {
  if (isReady) return
  // An image has no tsx: then the import says what it cannot read.
  const tsx = await import('tsx/esm/api').catch(() => undefined)
  if (!tsx) return
  tsx.register()
  // Last, so that it is asked first.
  if (sourceDir)
    register<Sources>(new URL('./typescript-hook.js', import.meta.url), { data: { sourceDir, builtDir } })
  isReady = true
}
