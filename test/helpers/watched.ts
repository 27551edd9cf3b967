/** The servers that a test file has started and not yet stopped for good. @module */
import type { Server } from '../../infra/local/servers/server.ts'

const servers = new Set<Server>()
export const watched: ReadonlySet<Server> = servers

export function watch(...started: readonly Server[]): void {
  for (const server of started) servers.add(server)
}

/** To be called before they are stopped for good. */
export function unwatch(...stopping: readonly Server[]): void {
  for (const server of stopping) servers.delete(server)
}
