/** Only the function that is measured; loaded through SLUICE_FUNCTIONS_FILE. @module */
import { hls } from '../../functions/hls.ts'

export const functions = [hls]
