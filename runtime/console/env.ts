/** The variables that every page finds in `c.var`. @module */
import type { TokenRole } from '../settings/config.ts'

export interface ConsoleEnv {
  Variables: { role: TokenRole }
}
