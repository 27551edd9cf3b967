/** The variables that every handler finds in `c.var`. @module */
import type { RequestIdVariables } from 'hono/request-id'
import type { TokenRole } from '../../settings/config.ts'

export interface ApiEnv {
  Variables: RequestIdVariables & { role: TokenRole }
}
