/** A function that removes, on buckets of somebody else's. Loaded through SLUICE_FUNCTIONS_FILE. @module */
import { defineFunction } from '../../runtime/index.ts'

export const functions = [
  defineFunction(
    {
      name: 'sweeper',
      version: '1',
      on: { bucket: 'drop' },
      output: { bucket: 'made' },
      afterSuccess: 'remove',
      onDelete: 'remove',
    },
    () => new Response(),
  ),
]
