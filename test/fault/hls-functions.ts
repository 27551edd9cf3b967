/** `hls` alone, so that the newest run of an object is its. @module */
export { checks, tools } from '../../functions/index.ts'
import { hls } from '../../functions/hls.ts'

export const functions = [hls]
