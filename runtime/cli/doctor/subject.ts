/** The subject of the examination: settings, functions, and connections for the checks. @module */
import type { Config, Credentials } from '../../settings/config.ts'
import type { FunctionList } from '../../function/list.ts'
import { createKeys, type Keys } from '../../queue/keys.ts'
import { fileSettingOf, type Environment } from '../../settings/files.ts'
import { storageOn } from '../../storage/client.ts'
import { createRequester, type Requester } from '../../storage/request.ts'
import type { Storage } from '../../storage/storage.ts'
import { SECOND_MS, stretched } from '../../time.ts'
import { createInspection, type Inspection } from '../../queue/inspection.ts'
import { openRedis } from '../../queue/redis.ts'

export interface Account {
  readonly name: 'root' | 'runtime' | 'uploader' | 'streams'
  readonly credentials: Credentials
  readonly requester: Requester
  readonly storage: Storage
}

export interface Subject extends FunctionList {
  readonly config: Config
  readonly env: Environment
  /** `--api`. */
  readonly api: string | undefined
  /** The text that calls this program, for lines to copy. */
  readonly invocation: string
  readonly keys: Keys
  /** Undefined when it does not answer; `redisFailure` has the reason. */
  readonly redis: Inspection | undefined
  readonly redisFailure: string
  /** Undefined when its settings are not given. */
  readonly root: Account | undefined
  readonly runtime: Account | undefined
  readonly uploader: Account | undefined
  /** The account of reception. */
  readonly streams: Account | undefined
  /** Ctrl-C. */
  readonly signal: AbortSignal
  close(): void
}

type Given = Pick<Subject, 'config' | 'env' | 'functions' | 'checks' | 'api' | 'invocation' | 'signal'>

/** A person waits: a server that does not answer for this long has failed. */
const IDLE_MS = 5 * SECOND_MS

export async function openSubject(given: Given): Promise<Subject> {
  const { config } = given
  const account = (name: Account['name'], credentials: Credentials | undefined): Account | undefined => {
    if (!credentials) return undefined
    // The second try is for a clock that was wrong: the first answer corrects it.
    const requester = createRequester({
      endpoint: config.minioEndpoint,
      region: config.minioRegion,
      credentials,
      idleTimeoutMs: stretched(IDLE_MS),
      retries: 1,
    })
    return { name, credentials, requester, storage: storageOn(requester) }
  }
  const accounts = {
    root: account('root', config.rootCredentials),
    runtime: account('runtime', config.runtimeCredentials),
    uploader: account('uploader', config.uploaderCredentials),
    streams: account('streams', config.streamsCredentials),
  }
  const opened = await openRedis(config.redisUrl)
  const keys = createKeys(config.name)
  return {
    ...given,
    ...accounts,
    keys,
    redis: opened.redis && createInspection(opened.redis, keys),
    redisFailure: opened.failure,
    close() {
      opened.redis?.disconnect()
      for (const opened of Object.values(accounts)) opened?.requester.close()
    },
  }
}

/** The line that sets up MinIO. */
export function setupLine({ config, invocation }: Subject): string {
  const root = config.rootCredentials ? '' : 'MINIO_ROOT_USER=… MINIO_ROOT_PASSWORD=… '
  return `${root}${invocation} setup`
}

/** The call of `redis-cli` on this Redis; a password stays in the environment or in its file. */
export function redisCli({ config, env }: Pick<Subject, 'config' | 'env'>): string {
  const url = new URL(config.redisUrl)
  if (!url.password) return `redis-cli -u ${url.href.replace(/\/$/, '')}`
  const path = env[fileSettingOf('REDIS_URL')]
  return `redis-cli -u ${path ? `"$(cat '${path}')"` : '"$REDIS_URL"'}`
}

export function isHere(hostname: string): boolean {
  return ['127.0.0.1', 'localhost', '[::1]'].includes(hostname)
}

/** In a clone, `npm start` starts the servers of this machine. */
export function localStart(invocation: string): string | undefined {
  return invocation.startsWith('npm ') ? 'npm start   # starts Redis, MinIO and the runtime' : undefined
}
