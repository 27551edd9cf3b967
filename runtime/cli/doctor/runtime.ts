/** The runtime: it answers, takes notifications, has workers for each function, and sweeps. @module */
import type { Inspection } from '../../queue/inspection.ts'
import { z } from 'zod'
import type { FunctionView } from '../../api/functions/model.ts'
import type { Sweep, SweepPass } from '../../api/sweep/model.ts'
import { messageOf } from '../../errors.ts'
import { SECOND_MS, sleep, stretched } from '../../time.ts'
import { countText, timeText } from '../terminal/amounts.ts'
import { createApiClient, ProblemError, type ApiClient } from '../../api/client.ts'
import { checkConsole } from './console.ts'
import { fail, ok, skipped, warn, type Finding, type Findings } from './finding.ts'
import { isHere, localStart, redisCli, type Subject } from './subject.ts'

/** An intake takes thousands in a second, so notifications that are still there then have none. */
const INTAKE_MS = 2 * SECOND_MS
const MANY = 1_000

const readySchema = z.object({
  status: z.string(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string().optional() })),
})

export async function* checkRuntime(subject: Subject): Findings {
  const api = createApiClient(subject.env, subject.api)
  const ready = await checkReady(api, subject)
  yield ready
  const { redis } = subject
  if (redis) {
    yield await checkIntake(redis, subject)
    yield await checkBad(redis, subject)
    yield await checkAside(redis, subject)
  }
  if (ready.status === 'fail' && ready.check === 'API') return
  yield* checkConsole(api.url, subject)
  yield* checkFunctions(api, subject)
  yield await checkSweep(api, subject.invocation)
}

async function checkReady(api: ApiClient, { invocation }: Subject): Promise<Finding> {
  const start = isHere(new URL(api.url).hostname) ? localStart(invocation) : undefined
  try {
    const response = await fetch(`${api.url}/readyz`, {
      signal: AbortSignal.timeout(stretched(5 * SECOND_MS)),
    })
    const { status, checks } = readySchema.parse(await response.json())
    const wrong = checks
      .filter((check) => !check.ok)
      .map(({ name, detail }) => `${name}: ${detail ?? 'wrong'}`)
    if (response.ok) return ok('API', `${api.url} is ready`)
    return fail(
      'readiness',
      `${api.url} is ${status}: ${wrong.join('; ') || 'it is stopping'}`,
      `curl ${api.url}/readyz`,
    )
  } catch (error) {
    const { cause } = error as { cause?: NodeJS.ErrnoException }
    const why =
      error instanceof z.ZodError || error instanceof SyntaxError
        ? 'another program answers'
        : (cause?.code ?? messageOf(error))
    return fail(
      'API',
      `no runtime at ${api.url}: ${why}. Start it, or set its address`,
      start ?? `${invocation} start`,
      'export SLUICE_API_URL=http://<host>:8080',
    )
  }
}

async function checkIntake(redis: Inspection, subject: Subject): Promise<Finding> {
  const { inbox } = subject.keys
  if (!['list', 'none'].includes(await redis.typeOf(inbox)))
    return skipped('intake', `${inbox} is not a list`)
  const before = await redis.inboxLength()
  if (before === 0) return ok('intake', 'no notification is waiting')
  const { headPrint } = await redis.lookIntoInbox(0)
  await sleep(stretched(INTAKE_MS), subject.signal)
  const now = await redis.inboxLength()
  const { headPrint: printNow } = await redis.lookIntoInbox(0)
  const found = `${countText(now, 'notification')} in ${inbox}`
  // With the same head nothing was taken, even if more has arrived behind it.
  if (now > 0 && headPrint === printNow)
    return fail(
      'intake',
      `${found}, and no intake takes them`,
      `SLUICE_ROLES=api,intake ${subject.invocation} start`,
    )
  return now > MANY
    ? warn('intake', `${found}: the intake works, but has a backlog`)
    : ok('intake', `${now} waiting`)
}

async function checkBad(redis: Inspection, subject: Subject): Promise<Finding> {
  const { bad } = subject.keys
  if ((await redis.typeOf(bad)) === 'none') return ok('malformed', 'no notification was set aside')
  const cli = redisCli(subject)
  return warn(
    'malformed',
    `${countText(await redis.badLength(), 'notification')} could not be read and are kept in ${bad}: read them, then delete them`,
    `${cli} XREVRANGE '${bad}' + - COUNT 10`,
    `${cli} DEL '${bad}'`,
  )
}

async function checkAside(redis: Inspection, subject: Subject): Promise<Finding> {
  const { aside } = subject.keys
  if ((await redis.typeOf(aside)) === 'none') return ok('debts', 'no verdict or clean-up was set aside')
  const cli = redisCli(subject)
  return warn(
    'debts',
    `${countText(await redis.asideLength(), 'debt')} can never be settled, and the reasons are in ${aside}: read them, then delete them`,
    `${cli} XREVRANGE '${aside}' + - COUNT 10`,
    `${cli} DEL '${aside}'`,
  )
}

async function* checkFunctions(api: ApiClient, { invocation, functions }: Subject): Findings {
  try {
    const { items } = await api.get<{ items: readonly FunctionView[] }>('/v1/functions')
    for (const view of items) yield judgeFunction(view, invocation)
    const unknown = functions.filter(({ name }) => !items.some((item) => item.name === name))
    if (unknown.length > 0) {
      yield warn(
        'functions',
        `the runtime has no ${unknown.map(({ name }) => name).join(', ')}: it was started with a different list`,
        `${invocation} start   # again`,
      )
    }
  } catch (error) {
    const isRefused = error instanceof ProblemError && [401, 403].includes(error.status)
    yield fail(
      'functions',
      messageOf(error),
      isRefused ? 'export SLUICE_TOKEN=…' : `curl ${api.url}/v1/functions`,
    )
  }
}

export function judgeFunction(view: FunctionView, invocation: string): Finding {
  const { name, queue, workers } = view
  const check = `function ${name}`
  const found = `${countText(workers, 'worker')}, ${queue.waiting + queue.backfill} waiting, ${queue.running} running, ${queue.dead} dead`
  if (view.watermark === null) return fail(check, `${found}; never set up`, `${invocation} setup`)
  if (workers === 0) return fail(check, found, `${invocation} worker --functions ${name}`)
  if (view.isPaused) return warn(check, `${found}; paused`, `${invocation} resume ${name}`)
  if (queue.dead > 0) {
    return warn(
      check,
      found,
      `${invocation} runs --status dead --function ${name}`,
      `${invocation} redrive --all --function ${name}`,
    )
  }
  return ok(check, found)
}

const SWEEP = 'sweep'

async function checkSweep(api: ApiClient, invocation: string): Promise<Finding> {
  try {
    return judgeSweep((await api.get<Sweep>('/v1/sweep')).passes, invocation)
  } catch (error) {
    return skipped(SWEEP, messageOf(error))
  }
}

/** Judged by the last sweep of everything: nothing else finds what is lost. */
export function judgeSweep(passes: readonly SweepPass[], invocation: string): Finding {
  const isWhole = ({ kind, bucket, prefix, endedAt }: SweepPass) =>
    kind === 'full' && bucket === undefined && prefix === undefined && endedAt !== undefined
  const [last] = passes
    .filter(isWhole)
    .toSorted((a, b) => Date.parse(b.endedAt ?? '') - Date.parse(a.endedAt ?? ''))
  const status = `${invocation} sweep --status`
  if (!last) {
    const isUnderWay = passes.some((pass) => pass.status === 'running')
    const found = 'no full sweep has ended yet'
    return isUnderWay ? ok(SWEEP, `${found}; one is running`) : warn(SWEEP, found, status)
  }
  const when = `the last full sweep ended ${timeText(last.endedAt ?? '')}`
  if (last.failure !== undefined)
    return warn(SWEEP, `${when} and could not check everything: ${last.failure}`, status)
  const healed = Object.values(last.healed).reduce((sum, count) => sum + count, 0)
  return ok(SWEEP, `${when}: ${countText(last.objects, 'object')} checked, ${healed} healed`)
}
