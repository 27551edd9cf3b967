/** Only the function that is measured; loaded through SLUICE_FUNCTIONS_FILE. @module */
import { chunk } from '../../functions/chunk.ts'

export const functions = [chunk]
