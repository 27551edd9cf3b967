/** A list for tests of streams: reception as it is, and functions that cost nothing. Loaded through SLUICE_FUNCTIONS_FILE. @module */
import { defineFunction } from '../../../runtime/index.ts'

export { reception, tools } from '../../../functions/index.ts'

/** Runs on every piece: its manifest says that the piece went through the queue, as an upload does. */
const seen = defineFunction(
  { name: 'seen', version: '1', on: { bucket: 'incoming', match: ['streams/**'] }, concurrency: 4 },
  (c) => c.json({ key: c.var.event.key }),
)

export const functions = [seen]
