/** Lists of functions in TypeScript, where the runtime itself runs compiled. @module */
import { existsSync } from 'node:fs'
import { register } from 'node:module'
import { basename, dirname, extname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ConfigError } from '../errors.ts'

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
 * The URL to import a list from: its compiled file, or itself, if need be once TypeScript can be loaded. Either way its imports of
 * this project, and of packages if it lies in its folder, are the modules that are already loaded.
 */
export async function importableUrl(path: string): Promise<string> {
  const ownUrl = pathToFileURL(path).href
  if (!isCompiled) return ownUrl
  const compiled = sourceDir && compiledFrom(path, { sourceDir, builtDir })
  if (compiled) return pathToFileURL(compiled).href
  if (/\.[cm]?ts$/.test(path)) await readTypeScript()
  // Registered last, so that it is called first.
  if (sourceDir && !isHooked)
    register<Sources>(new URL('./typescript-hook.js', import.meta.url), { data: { sourceDir, builtDir } })
  isHooked = true
  return ownUrl
}

/** The compiled file of a source; undefined when the build does not have it. */
export function compiledFrom(path: string, { sourceDir, builtDir }: Sources): string | undefined {
  const inside = relative(sourceDir, path)
  if (!/^(?:functions|infra|runtime|test)\b/.test(inside) || !inside.endsWith('.ts')) return undefined
  const compiled = join(builtDir, inside.replace(/\.ts$/, '.js'))
  return existsSync(compiled) ? compiled : undefined
}

let isReady = false
let isHooked = false

async function readTypeScript(): Promise<void> {
  if (isReady) return
  const tsx = await import('tsx/esm/api').catch(() => {
    throw new ConfigError([
      'a list of functions in TypeScript needs the package tsx, which is not installed: npm install tsx, or compile it to JavaScript',
    ])
  })
  tsx.register()
  isReady = true
}
