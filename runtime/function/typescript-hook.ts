/**
 * Node's hook for imports by lists of functions beside a clone's build: what the build has, they share with it. Sources of the
 * project become their compiled files, and packages those that the build has bundled, so that each module exists once.
 * @module
 */
import { existsSync } from 'node:fs'
import type { InitializeHook, ResolveFnOutput, ResolveHook } from 'node:module'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { compiledFrom, type Sources } from './typescript.ts'

let sources: Sources | undefined

export const initialize: InitializeHook<Sources> = (data) => {
  sources = data
}

export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  if (!sources) return nextResolve(specifier, context)
  const bundled = isOwn(context.parentURL, sources) ? bundledPackage(specifier, sources) : undefined
  if (bundled) return shared(bundled)
  const resolved = await nextResolve(specifier, context)
  const compiled = resolved.url.startsWith('file:')
    ? compiledFrom(fileURLToPath(resolved.url), sources)
    : undefined
  return compiled ? shared(compiled) : resolved
}

function shared(path: string): ResolveFnOutput {
  return { url: pathToFileURL(path).href, format: 'module', shortCircuit: true }
}

/** A file of the project that is not compiled; others may have packages of their own. */
function isOwn(url: string | undefined, { sourceDir }: Sources): boolean {
  if (!url?.startsWith('file:')) return false
  return /^(?:functions|infra|runtime|test)\b/.test(relative(sourceDir, fileURLToPath(url)))
}

/** As `infra/build/bundle.mjs` names the files; undefined when the build does not have it. */
function bundledPackage(specifier: string, { builtDir }: Sources): string | undefined {
  if (/^[./#]|:/.test(specifier)) return undefined
  return [`${specifier}/index.mjs`, `${specifier}.mjs`]
    .map((path) => join(builtDir, 'node_modules', path))
    .find((path) => existsSync(path))
}
