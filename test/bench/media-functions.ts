/** What is measured, and nothing beside it; loaded through SLUICE_FUNCTIONS_FILE. @module */
import { chunk } from '../../functions/chunk.ts'

export const functions = [chunk]
