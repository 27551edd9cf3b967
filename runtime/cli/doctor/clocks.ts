/** The clocks of Redis, of MinIO and of this machine. @module */
import { SECOND_MS, stretched } from '../../time.ts'
import { durationText } from '../terminal/amounts.ts'
import { fail, ok, skipped, warn, type Finding, type Findings } from './finding.ts'
import type { Subject } from './subject.ts'

/** The Date of a response has whole seconds. */
const CLOSE_MS = 3_000
/** Beyond this S3 refuses each request. */
const REFUSED_MS = 15 * 60_000
const REPAIR = 'sudo timedatectl set-ntp true   # on the machine whose clock is wrong'

export async function* checkClocks({ redis, config }: Subject): Findings {
  if (redis) {
    const startedMs = Date.now()
    yield judge('Redis', (await redis.nowMs()) - (startedMs + Date.now()) / 2, doubtMs(startedMs))
  } else yield skipped('clock of Redis', 'it does not answer')
  const startedMs = Date.now()
  const date = await fetch(`${config.minioEndpoint}/minio/health/live`, {
    signal: AbortSignal.timeout(stretched(5 * SECOND_MS)),
  })
    .then(async (response) => {
      await response.body?.cancel()
      return response.headers.get('date')
    })
    .catch(() => null)
  const dateMs = Date.parse(date ?? '')
  // The middle of that second.
  if (Number.isFinite(dateMs))
    yield judge('MinIO', dateMs + 500 - (startedMs + Date.now()) / 2, doubtMs(startedMs))
  else yield skipped('clock of MinIO', 'none of its responses has a date')
}

/** The answer may have been given at any moment since then. */
function doubtMs(startedMs: number): number {
  return (Date.now() - startedMs) / 2
}

/** @param uncertainMs - the difference may be smaller by this, as the answer took its time */
export function judge(server: string, aheadMs: number, uncertainMs = 0): Finding {
  const check = `clock of ${server}`
  const awayMs = Math.max(0, Math.abs(aheadMs) - uncertainMs)
  if (awayMs <= CLOSE_MS) return ok(check, 'same as here')
  const found = `${durationText(awayMs)} ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine`
  return awayMs > REFUSED_MS
    ? fail(check, `${found}: S3 refuses requests with a time that is 15 minutes off`, REPAIR)
    : warn(check, `${found}: times and delays are shown wrong by this much`, REPAIR)
}
