/** Options that are on or off, as people write them in metadata: `z.coerce.boolean()` takes "false" for true. Pure. @module */
import { z } from 'zod'

export const onOff = z.union([z.boolean(), z.enum(['on', 'off', 'true', 'false', 'yes', 'no'])])

export function isOn(value: z.output<typeof onOff>): boolean {
  return value === true || value === 'on' || value === 'true' || value === 'yes'
}
