/** Node's hook for imports by TypeScript files of a clone: redirects sources of the project to their compiled files. @module */
import type { InitializeHook, ResolveHook } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { compiledFrom, type Sources } from './typescript.ts'

let sources: Sources | undefined

export const initialize: InitializeHook<Sources> = (data) => {
  sources = data
}

export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  const resolved = await nextResolve(specifier, context)
  if (!sources || !resolved.url.startsWith('file:')) return resolved
  const compiled = compiledFrom(fileURLToPath(resolved.url), sources)
  return compiled ? { url: pathToFileURL(compiled).href, format: 'module', shortCircuit: true } : resolved
}
