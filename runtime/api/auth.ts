/** Who calls, and what they may do: bearer tokens of three roles. @module */
import type { RequestIdVariables } from 'hono/request-id'
import type { TokenRole } from '../config.ts'

/** What every handler finds in `c.var`. */
export interface ApiEnv {
  Variables: RequestIdVariables & { role: TokenRole }
}
