#!/usr/bin/env node
// The command `sluice`: of a clone, which is compiled when its sources have changed, or of the package, which is compiled.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

if (existsSync(new URL('../../runtime/main.ts', import.meta.url))) {
  const { launch } = await import('./launch.mjs')
  await launch('runtime/main.ts', process.argv[1])
} else {
  const main = new URL('../../dist/package/runtime/main.js', import.meta.url)
  // Children start with it.
  process.argv[1] = fileURLToPath(main)
  await import(main)
}
