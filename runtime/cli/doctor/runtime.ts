/** The runtime: answers, takes notifications, and has workers for each function. @module */
import type { Redis } from 'ioredis'
import { z } from 'zod'
import type { FunctionView } from '../../api/functions/model.ts'
import { messageOf } from '../../errors.ts'
import { createInboxCommands } from '../../queue/inbox-commands.ts'
import { createScripts } from '../../queue/scripts.ts'
import { SECOND_MS, sleep, stretched } from '../../time.ts'
import { countText } from '../terminal/amounts.ts'
import { createApiClient, ProblemError, type ApiClient } from '../../api/client.ts'
import { fail, ok, skipped, warn, type Finding, type Findings } from './finding.ts'
import { isHere, localStart, redisCli, type Patient } from './subject.ts'
import { checkSweep } from './sweep.ts'

/** An intake takes thousands in a second, so what is still there then waits for one. */
const INTAKE_MS = 2 * SECOND_MS
const MANY = 1_000

const readySchema = z.object({
  status: z.string(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string().optional() })),
})

export async function* checkRuntime(patient: Patient): Findings {
  const api = createApiClient(patient.env, patient.api)
  const ready = await checkReady(api, patient)
  yield ready
  const { redis } = patient
  if (redis) {
    yield await checkIntake(redis, patient)
    yield await checkBad(redis, patient)
    yield await checkAside(redis, patient)
  }
  if (ready.status === 'fail' && ready.check === 'API') return
  yield* checkFunctions(api, patient)
  yield await checkSweep(api, patient.invocation)
}

async function checkReady(api: ApiClient, { invocation }: Patient): Promise<Finding> {
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
      `${api.url} is ${status}: ${wrong.join('; ') || 'it ends'}`,
      `curl ${api.url}/readyz`,
    )
  } catch (error) {
    const { cause } = error as { cause?: NodeJS.ErrnoException }
    const why =
      error instanceof z.ZodError || error instanceof SyntaxError
        ? 'something else answers'
        : (cause?.code ?? messageOf(error))
    return fail(
      'API',
      `no runtime at ${api.url}: ${why}. Start it, or say where it is`,
      start ?? `${invocation} start`,
      'export SLUICE_API_URL=http://<host>:8080',
    )
  }
}

async function checkIntake(redis: Redis, patient: Patient): Promise<Finding> {
  const { inbox } = patient.keys
  if (!['list', 'none'].includes(await redis.type(inbox))) return skipped('intake', `${inbox} is no list`)
  const before = await redis.llen(inbox)
  if (before === 0) return ok('intake', 'no notification waits')
  const commands = createInboxCommands(redis, patient.keys, createScripts(redis, patient.keys.prefix))
  const { headPrint } = await commands.lookIntoInbox(0)
  await sleep(stretched(INTAKE_MS), patient.signal)
  const now = await redis.llen(inbox)
  const { headPrint: printNow } = await commands.lookIntoInbox(0)
  const found = `${countText(now, 'notification')} in ${inbox}`
  // With the same head nothing was taken, whatever came behind it.
  if (now > 0 && headPrint === printNow)
    return fail(
      'intake',
      `${found}, and nobody takes them`,
      `SLUICE_ROLES=api,intake ${patient.invocation} start`,
    )
  return now > MANY ? warn('intake', `${found}: it is behind, and works`) : ok('intake', `${now} wait`)
}

async function checkBad(redis: Redis, patient: Patient): Promise<Finding> {
  const { bad } = patient.keys
  if ((await redis.type(bad)) === 'none') return ok('malformed', 'no notification was set aside')
  const cli = redisCli(patient)
  return warn(
    'malformed',
    `${countText(await redis.xlen(bad), 'notification')} could not be read and ${bad} has them: look, then forget them`,
    `${cli} XREVRANGE '${bad}' + - COUNT 10`,
    `${cli} DEL '${bad}'`,
  )
}

async function checkAside(redis: Redis, patient: Patient): Promise<Finding> {
  const { aside } = patient.keys
  if ((await redis.type(aside)) === 'none') return ok('debts', 'no verdict or clean-up was set aside')
  const cli = redisCli(patient)
  return warn(
    'debts',
    `${countText(await redis.xlen(aside), 'debt')} can never be paid and ${aside} has the reasons: look, then forget them`,
    `${cli} XREVRANGE '${aside}' + - COUNT 10`,
    `${cli} DEL '${aside}'`,
  )
}

async function* checkFunctions(api: ApiClient, { invocation, functions }: Patient): Findings {
  try {
    const { items } = await api.get<{ items: readonly FunctionView[] }>('/v1/functions')
    for (const view of items) yield judgeFunction(view, invocation)
    const unknown = functions.filter(({ name }) => !items.some((item) => item.name === name))
    if (unknown.length > 0) {
      yield warn(
        'functions',
        `the runtime has no ${unknown.map(({ name }) => name).join(', ')}: it was started with another list`,
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
  if (view.watermark === null) return fail(check, `${found}; it was never set up`, `${invocation} setup`)
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
