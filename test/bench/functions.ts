/** Functions to be measured; loaded through SLUICE_FUNCTIONS_FILE. @module */
import { defineFunction } from '../../runtime/index.ts'

/** Says when its handler started, on the clock that all processes of a machine share. */
const started = defineFunction({ name: 'started', version: '1', on: { bucket: 'incoming' } }, (c) =>
  c.json({ startedAtNs: String(process.hrtime.bigint()) }),
)

export const functions = [started]
