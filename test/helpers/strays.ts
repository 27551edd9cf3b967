/** For attempts whose left-behind handlers are of no interest. @module */
import { createStrays } from '../../runtime/worker/strays.ts'

export const NO_STRAYS = createStrays({
  limit: Infinity,
  onTooMany: () => undefined,
  onChange: () => undefined,
})
