/** The runtime as a child process of the local stack: its supervisor, awaited until it is ready. @module */
import type { Config } from '../../../runtime/settings/config.ts'
import { REQUEST_PATIENCE_MS, STOP_PATIENCE_MS } from '../patience.ts'
import { rootDir, SLUICE_PATH } from '../root.ts'
import { createServer, type Server, type ServerEvents } from './server.ts'

export interface RuntimeOptions extends ServerEvents {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly config: Config
  readonly logPath: string
}

export function createRuntime(options: RuntimeOptions): Server {
  const hasApi = options.config.roles.includes('api')
  return createServer({
    name: 'the runtime',
    command: process.execPath,
    args: [SLUICE_PATH, 'start'],
    env: options.env,
    cwd: rootDir,
    logPath: options.logPath,
    // Without the API its readiness cannot be seen; it waits for its servers by itself.
    isReady: () => (hasApi ? isReady(apiUrl(options.config)) : Promise.resolve(true)),
    // It drains for `drainMs`; its own children need some more time.
    stopTimeoutMs: options.config.drainMs + STOP_PATIENCE_MS,
    onStart: options.onStart,
    onDeath: options.onDeath,
  })
}

/** The address for clients on this machine. */
export function apiUrl({ apiHost, apiPort }: Config): string {
  const host = ['0.0.0.0', '::'].includes(apiHost) ? '127.0.0.1' : apiHost
  return `http://${host.includes(':') ? `[${host}]` : host}:${apiPort}`
}

async function isReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(REQUEST_PATIENCE_MS) })
  await response.body?.cancel()
  return response.ok
}
