/** Where this clone lies. @module */
import { basename, join } from 'node:path'

const here = join(import.meta.dirname, '..', '..')

/** Also for modules that run compiled, in `dist/build-…`. */
export const rootDir = basename(join(here, '..')) === 'dist' ? join(here, '..', '..') : here

/** The program whose words are commands of `sluice`. */
export const SLUICE_PATH = join(rootDir, 'infra', 'build', 'sluice.mjs')
