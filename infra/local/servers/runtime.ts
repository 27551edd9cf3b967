/** The runtime in child processes of the local stack: its `setup`, with the root account, and its supervisor, awaited until it is ready. @module */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { delimiter, dirname } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Config } from '../../../runtime/settings/config.ts'
import { hostHere } from '../../../runtime/settings/values.ts'
import { REQUEST_PATIENCE_MS, STOP_PATIENCE_MS } from '../patience.ts'
import { rootDir, SLUICE_PATH } from '../root.ts'
import { createServer, type Server, type ServerEvents } from './server.ts'
import { ConfigError } from '../../../runtime/errors.ts'
import type { LocalCredentials } from '../settings/credentials.ts'
import { boundToParent } from '../programs/child-process.ts'

export interface RuntimeOptions extends ServerEvents {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly config: Config
  readonly logPath: string
}

export function createRuntime(options: RuntimeOptions): Server {
  const { config } = options
  const answering = [
    ...(config.roles.includes('api') ? [apiUrl(config)] : []),
    // A sender may come at once.
    ...(config.roles.includes('streams') && config.streams.port !== 0
      ? [`http://${hostHere(config.streams.host)}:${config.streams.port}`]
      : []),
  ]
  return createServer({
    name: 'the runtime',
    command: process.execPath,
    args: [SLUICE_PATH, 'start'],
    env: options.env,
    cwd: rootDir,
    logPath: options.logPath,
    // Without the API its readiness cannot be seen; it waits for its servers by itself.
    isReady: async () => (await Promise.all(answering.map(isReady))).every(Boolean),
    // It drains for `drainMs`; its own children need some more time.
    stopTimeoutMs: config.drainMs + STOP_PATIENCE_MS,
    onStart: options.onStart,
    onDeath: options.onDeath,
  })
}

/** The address for clients on this machine. */
export function apiUrl({ apiHost, apiPort }: Config): string {
  return `http://${hostHere(apiHost)}:${apiPort}`
}

async function isReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(REQUEST_PATIENCE_MS) })
  await response.body?.cancel()
  return response.ok
}

export interface ProvisionOptions {
  /** The runtime's environment; the other accounts are added for this one process. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly credentials: LocalCredentials
  readonly mcProgram: string
}

/** @throws {ConfigError} when settings are wrong; Error with the end of its output when it fails otherwise */
export async function provision(options: ProvisionOptions): Promise<void> {
  const { root, uploader, streams } = options.credentials
  const [command, ...args] = await boundToParent([process.execPath, SLUICE_PATH, 'setup'])
  const child = spawn(command, args, {
    cwd: rootDir,
    env: {
      ...options.env,
      MINIO_ROOT_USER: root.accessKey,
      MINIO_ROOT_PASSWORD: root.secretKey,
      MINIO_UPLOADER_ACCESS_KEY: uploader.accessKey,
      MINIO_UPLOADER_SECRET_KEY: uploader.secretKey,
      MINIO_STREAMS_ACCESS_KEY: streams.accessKey,
      MINIO_STREAMS_SECRET_KEY: streams.secretKey,
      // In front, since there is another program called mc.
      PATH: [dirname(options.mcProgram), options.env['PATH']].filter(Boolean).join(delimiter),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  const output = `${stdout}${stderr}`.trim()
  // The heading and the bullets are added again to the issues.
  if (code === 2)
    throw new ConfigError(
      output
        .split('\n')
        .slice(1)
        .map((line) => line.replace(/^ {2}- /, '')),
    )
  if (code !== 0) throw new Error(`setting up MinIO failed with exit code ${code}:\n${output}`)
}
