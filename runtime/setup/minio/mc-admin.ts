/** What MinIO tells its administrator, asked by its own tool `mc`: there is no S3 call for it. @module */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import type { Credentials } from '../../settings/config.ts'
import { withPrivateFolder } from './private-folder.ts'
import { SECOND_MS, stretched } from '../../time.ts'

const run = promisify(execFile)

export interface TargetSettings {
  /** FAST or DURABLE. */
  readonly name: string
  readonly settings: Readonly<Record<string, string>>
}

export interface AdminFacts {
  /** Of targets that are on, such as `arn:minio:sqs::FAST:redis`. */
  readonly arns: readonly string[]
  /** By a target's name: `online` or `offline`. */
  readonly status: Readonly<Record<string, string>>
  readonly targets: readonly TargetSettings[]
  readonly hasSyncEvents: boolean
}

/** **Shape**: `{"status":"success","info":{"sqsARN":["arn:…"],"services":{"notifications":[{"redis":[{"FAST":{"status":"online"}}]}]}}}`. */
const infoSchema = z.object({
  info: z.object({
    sqsARN: z.array(z.string()).nullish(),
    services: z
      .object({
        notifications: z
          .array(z.record(z.string(), z.array(z.record(z.string(), z.object({ status: z.string() })))))
          .nullish(),
      })
      .nullish(),
  }),
})

/** **Shape**: `{"config":[{"subSystem":"notify_redis","target":"FAST","kv":[{"key":"format","value":"","envOverride":{"value":"access"}}]}]}`. */
const configSchema = z.object({
  config: z.array(
    z.object({
      target: z.string().optional(),
      kv: z.array(
        z.object({
          key: z.string(),
          value: z.string(),
          envOverride: z.object({ value: z.string() }).optional(),
        }),
      ),
    }),
  ),
})

/** @throws {Error} with what mc said; no secret is in it */
export async function readAdminFacts(
  mcPath: string,
  endpoint: string,
  credentials: Credentials,
): Promise<AdminFacts> {
  return withPrivateFolder('sluice-doctor-', async (dir) => {
    const alias = { url: endpoint, ...credentials, api: 'S3v4', path: 'on' }
    await writeFile(join(dir, 'config.json'), JSON.stringify({ version: '10', aliases: { m: alias } }), {
      mode: 0o600,
    })
    const admin = (...args: readonly string[]) => runMc(mcPath, dir, ['admin', ...args])
    const { info } = infoSchema.parse(await admin('info', 'm'))
    const redis = configSchema.parse(await admin('config', 'get', 'm', 'notify_redis'))
    const api = configSchema.parse(await admin('config', 'get', 'm', 'api'))
    const online = (info.services?.notifications ?? []).flatMap((service) => service['redis'] ?? [])
    return {
      arns: info.sqsARN ?? [],
      status: Object.fromEntries(
        online.flatMap((target) => Object.entries(target).map(([name, { status }]) => [name, status])),
      ),
      targets: redis.config.flatMap(({ target, kv }) =>
        target === undefined ? [] : [{ name: target, settings: settingsOf(kv) }],
      ),
      hasSyncEvents: api.config.some(({ kv }) => settingsOf(kv)['sync_events'] === 'on'),
    }
  })
}

type KeyValue = z.output<typeof configSchema>['config'][number]['kv'][number]

function settingsOf(kv: readonly KeyValue[]): Readonly<Record<string, string>> {
  return Object.fromEntries(kv.map(({ key, value, envOverride }) => [key, envOverride?.value ?? value]))
}

async function runMc(mcPath: string, dir: string, args: readonly string[]): Promise<unknown> {
  const { stdout } = await run(mcPath, ['--json', '--config-dir', dir, ...args], {
    env: { HOME: dir, MC_CONFIG_DIR: dir },
    timeout: stretched(20 * SECOND_MS),
    maxBuffer: 64 * 1024 ** 2,
  }).catch((error: { stdout?: string; message: string }) => {
    throw new Error(`mc ${args.slice(0, 3).join(' ')}: ${reasonIn(error.stdout ?? '') ?? error.message}`)
  })
  return JSON.parse(stdout) as unknown
}

/** mc answers an error as JSON too. */
function reasonIn(stdout: string): string | undefined {
  try {
    const { error } = JSON.parse(stdout) as { error?: { message?: string; cause?: { message?: string } } }
    return [error?.message, error?.cause?.message].filter(Boolean).join(': ') || undefined
  } catch {
    return undefined
  }
}
