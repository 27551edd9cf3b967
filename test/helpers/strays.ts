/** For attempts whose left-behind handlers do not matter. @module */
import { createStrays } from '../../runtime/worker/strays.ts'

export const NO_STRAYS = createStrays({
  limit: Infinity,
  onTooMany: () => undefined,
  onChange: () => undefined,
})
