/** The reception of streams by `npm start`: its role, ports and spool, unless they were chosen. @module */
import { join } from 'node:path'
import { isGiven, type Environment } from '../../../runtime/settings/files.ts'
import { ROLES } from '../../../runtime/settings/values.ts'
import { freePort, isPortFree } from './ports.ts'

/** The usual ports, under the settings that choose others. */
const PORTS = { SLUICE_STREAMS_PORT: 8082, SLUICE_RTMP_PORT: 1935 } as const

/**
 * The environment with streams received on this machine, unless it chooses roles itself. A usual port that another program has
 * is replaced by a free one, since the guide names it; a port that was chosen is not.
 */
export async function withStreams(env: Environment, dataDir: string): Promise<Environment> {
  const added: Record<string, string> = {}
  if (!isGiven(env, 'SLUICE_ROLES')) added['SLUICE_ROLES'] = ROLES.join(',')
  // Beside the data of the servers: what is in the spool is nowhere else.
  if (!isGiven(env, 'SLUICE_STREAMS_SPOOL_DIR')) added['SLUICE_STREAMS_SPOOL_DIR'] = join(dataDir, 'spool')
  for (const [setting, port] of Object.entries(PORTS))
    if (!isGiven(env, setting)) added[setting] = String((await isPortFree(port)) ? port : await freePort())
  return { ...env, ...added }
}
