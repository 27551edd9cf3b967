/** The variables that every page finds in `c.var`. @module */
import type { RequestIdVariables } from 'hono/request-id'
import type { TokenRole } from '../settings/config.ts'

export interface ConsoleEnv {
  Variables: RequestIdVariables & { role: TokenRole }
}
