/** Runs the runtime's own `setup` (buckets, accounts, bindings) as a child process with the root account. @module */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { delimiter, dirname } from 'node:path'
import { text } from 'node:stream/consumers'
import { ConfigError } from '../../../runtime/errors.ts'
import type { LocalCredentials } from '../settings/credentials.ts'
import { rootDir, SLUICE_PATH } from '../root.ts'
import { boundToParent } from '../programs/child-process.ts'

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
