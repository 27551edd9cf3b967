/** Every function that runs. A function that is not listed does not exist. @module */
import { chunk } from './chunk.ts'
import { probe } from './probe.ts'

export const functions = [chunk, probe]
