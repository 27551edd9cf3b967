/** A Redis and a MinIO that are set up, for a doctor to examine; nobody runs there. @module */
import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll } from 'vitest'
import { functions } from '../../functions/index.ts'
import type { Finding } from '../../runtime/cli/doctor/finding.ts'
import { provision } from '../../runtime/setup/minio/provision.ts'
import { createRequester, type Requester } from '../../runtime/storage/request.ts'
import { startTestMinio, startTestRedis, type TestMinio, type TestRedis } from '../helpers/servers.ts'
import { sluice } from '../unit/cli/commands/fake-api.ts'

export type Reported = Finding & { readonly group: string }

const RUNTIME = { accessKey: 'doctor-runtime', secretKey: 'runtime-secret' }
const STREAMS = { accessKey: 'doctor-streams', secretKey: 'streams-secret' }
export const UPLOADER = { accessKey: 'doctor-uploader', secretKey: 'uploader-secret' }

/** For one file. Read the fields inside tests. */
export function useExamined() {
  const used = {} as { redis: TestRedis; minio: TestMinio; client: Redis; requester: Requester }
  beforeAll(async () => {
    used.redis = await startTestRedis()
    used.minio = await startTestMinio({ redisPort: used.redis.port })
    used.client = new Redis(used.redis.url)
    const credentials = rootOf(used.minio)
    used.requester = createRequester({ endpoint: used.minio.endpoint, region: 'us-east-1', credentials })
    await setUp()
  })
  afterAll(async () => {
    used.client.disconnect()
    used.requester.close()
    await used.minio.stop()
    await used.redis.stop()
  })

  const setUp = () =>
    provision({
      endpoint: used.minio.endpoint,
      region: 'us-east-1',
      rootCredentials: rootOf(used.minio),
      functions,
      name: 'sluice',
      redisUrl: used.redis.url,
      isStrictEvents: false,
      users: { mcPath: used.minio.mcPath, runtime: RUNTIME, uploader: UPLOADER, streams: STREAMS },
    })

  /** Of another MinIO too. */
  const envOf = (server: TestMinio): Record<string, string> => ({
    PATH: `${dirname(server.mcPath)}:${process.env['PATH']}`,
    REDIS_URL: used.redis.url,
    MINIO_ENDPOINT: server.endpoint,
    MINIO_ROOT_USER: server.rootUser,
    MINIO_ROOT_PASSWORD: server.rootPassword,
    MINIO_ACCESS_KEY: RUNTIME.accessKey,
    MINIO_SECRET_KEY: RUNTIME.secretKey,
    MINIO_UPLOADER_ACCESS_KEY: UPLOADER.accessKey,
    MINIO_UPLOADER_SECRET_KEY: UPLOADER.secretKey,
    SLUICE_SCRATCH_DIR: join(server.dir, 'scratch'),
    // Nobody is there.
    SLUICE_API_URL: 'http://127.0.0.1:2',
  })

  /** A machine that receives streams. */
  const streamsEnv = (spoolDir: string): Record<string, string> => ({
    SLUICE_ROLES: 'api,intake,worker,streams',
    SLUICE_STREAMS_SPOOL_DIR: spoolDir,
    MINIO_STREAMS_ACCESS_KEY: STREAMS.accessKey,
    MINIO_STREAMS_SECRET_KEY: STREAMS.secretKey,
  })

  async function examine(changed: Record<string, string> = {}, ...words: string[]) {
    const env = { ...envOf(used.minio), ...changed }
    const { code, out } = await sluice(['doctor', '--json', ...words], { env })
    const { findings } = JSON.parse(out) as { findings: readonly Reported[] }
    const of = (status: Finding['status']) =>
      findings.filter((finding) => finding.status === status).map(nameOf)
    return { code, findings, of, text: out }
  }

  async function write(bucket: string, query: string, xml: string) {
    const body = { bytes: Buffer.from(xml) }
    const headers = { 'content-md5': createHash('md5').update(body.bytes).digest('base64') }
    await used.requester.read({ method: 'PUT', bucket, query: { [query]: '' }, body, headers })
  }

  /** The rules of `incoming`, and no others. */
  const bind = (...rules: readonly string[]) =>
    write(
      'incoming',
      'notification',
      `<NotificationConfiguration>${rules.join('')}</NotificationConfiguration>`,
    )

  return Object.assign(used, { setUp, envOf, streamsEnv, examine, write, bind })
}

function rootOf(server: TestMinio) {
  return { accessKey: server.rootUser, secretKey: server.rootPassword }
}

/** Such as `redis: eviction`. */
export function nameOf({ group, check }: Reported): string {
  return `${group}: ${check}`
}

export function failureOf(findings: readonly Reported[], name: string): Reported | undefined {
  return findings.find((finding) => finding.status === 'fail' && nameOf(finding) === name)
}
