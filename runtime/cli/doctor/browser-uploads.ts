/** Uploads of browsers: whether the store answers them, as they come from pages of another origin. @module */
import { createApiClient } from '../../api/client.ts'
import { messageOf } from '../../errors.ts'
import { SECOND_MS, stretched } from '../../time.ts'
import { fail, ok, skipped, warn, type Finding } from './finding.ts'
import type { Subject } from './subject.ts'

const CHECK = 'uploads of browsers'

/** Asks what a browser asks before it sends (https://fetch.spec.whatwg.org/#cors-preflight-fetch). */
export async function checkBrowserUploads({ config, env, api, uploader }: Subject): Promise<Finding> {
  if (!uploader)
    return skipped(CHECK, 'the runtime has no account for them: the console has no page for uploads')
  const { minioPublicEndpoint: endpoint } = config
  const origin = originOf(env, api)
  if (origin === undefined)
    return skipped(CHECK, 'the address of the console is not known: set SLUICE_API_URL')
  if (new URL(origin).protocol === 'https:' && new URL(endpoint).protocol === 'http:')
    return fail(
      CHECK,
      `${origin} has TLS and ${endpoint} has none: browsers refuse to send there`,
      'export MINIO_PUBLIC_ENDPOINT=https://s3.<domain>',
    )
  try {
    const answer = await fetch(`${endpoint}/incoming/doctor`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'content-type',
      },
      signal: AbortSignal.timeout(stretched(5 * SECOND_MS)),
    })
    await answer.body?.cancel()
    const allowed = answer.headers.get('access-control-allow-origin')
    if (allowed === '*' || allowed === origin) return ok(CHECK, `${endpoint} takes them from ${origin}`)
    return fail(
      CHECK,
      `${endpoint} refuses pages of ${origin}${allowed === null ? '' : ` and takes those of ${allowed}`}`,
      `mc admin config set <alias> api cors_allow_origin=${origin}`,
    )
  } catch (error) {
    const { cause } = error as { cause?: NodeJS.ErrnoException }
    const why = cause?.code ?? messageOf(error)
    return warn(
      CHECK,
      `${endpoint} (MINIO_PUBLIC_ENDPOINT), where browsers send to, cannot be reached from here: ${why}`,
    )
  }
}

/** Undefined where the settings name no address, such as with port 0. */
function originOf(env: Subject['env'], api: Subject['api']): string | undefined {
  try {
    return new URL(createApiClient(env, api).url).origin
  } catch {
    return undefined
  }
}
