/** The paths of this clone. @module */
import { basename, join } from 'node:path'

const here = join(import.meta.dirname, '..', '..')

/** Also for modules that run compiled, in `dist/build-…`. */
export const rootDir = basename(join(here, '..')) === 'dist' ? join(here, '..', '..') : here

/** The program `sluice` of this clone. */
export const SLUICE_PATH = join(rootDir, 'infra', 'build', 'sluice.mjs')
