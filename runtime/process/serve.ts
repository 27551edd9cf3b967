/** The serving process: the HTTP interface, and the intake when this machine has that role. @module */
import { statfs } from 'node:fs/promises'
import { createConsole } from '../console/console.tsx'
import { createFront } from '../console/front.ts'
import { createApi } from '../api/app.ts'
import { createFailedLogins } from '../api/login/failed-logins.ts'
import { checkHealth } from '../api/health.ts'
import { createQueueGauges } from '../api/queue-gauges.ts'
import { createStreamsGauge } from '../api/streams-gauge.ts'
import { admissionSettings, createIntake, intakeName } from '../intake/intake.ts'
import { createRouter } from '../function/routing.ts'
import type { Closers } from './lifecycle.ts'
import { createJanitor } from '../upkeep/janitor/janitor.ts'
import { createJobStore } from '../queue/jobs.ts'
import { createJobRunner } from '../api/jobs/runner.ts'
import { createLimitStore } from '../records/limits.ts'
import { createStreamRecords } from '../records/streams.ts'
import { functionMetrics } from '../telemetry/metrics.ts'
import { createServices } from '../api/services.ts'
import { createHub } from '../api/live/hub.ts'
import { createChangeReader, subscribeToChanges } from '../queue/changes.ts'
import { createBacklog } from '../queue/backlog.ts'
import { createInspection } from '../queue/inspection.ts'
import { createStreamStore } from '../queue/streams.ts'
import { connectRedis } from '../queue/redis.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../time.ts'
import type { Config } from '../settings/config.ts'
import { createUploadStore, type UploadStore } from '../storage/uploads.ts'
import { startChores } from '../upkeep/chores.ts'
import type { Connect } from './child.ts'
import { listen } from '../api/http/listen.ts'
import type { MetricsSnapshot } from './messages.ts'
import { readVersion, type Parts } from './parts.ts'
import { expose } from './exposition.ts'
import { createSweeping, sweepParts } from '../upkeep/sweep/sweeping.ts'
import { createUpkeep } from '../upkeep/upkeep.ts'
import { createVerdictPlacesChore } from '../upkeep/verdict-places.ts'

/** How long Redis and the bucket may differ about pauses and limits, after one of them was restored from a backup. */
const RECONCILE_MS = 30 * SECOND_MS

/** How long the crash of a worker is remembered: its runs are taken back long before. */
const FATE_MS = HOUR_MS
/** A passing state is repeated each second. */
const PASSING_FATE_MS = 10 * SECOND_MS

/** Starts; resolves when it serves. The function that it returns drains it. */
export async function serve(
  parts: Parts,
  closers: Closers,
  onOrphaned: () => void,
  connect: Connect,
): Promise<() => Promise<void>> {
  const { config, functions, queue, storage, metrics, log } = parts
  const functionNames = functions.map(({ name }) => name)
  const link = connect({
    registries: [metrics.registry],
    onOrphaned,
    onFate({ consumer, kind, how }) {
      const forMs = kind === 'crashed' ? FATE_MS : Math.max(PASSING_FATE_MS, config.leaseMs)
      queue
        .noteFate(consumer, kind, how, forMs)
        .catch((error: Error) =>
          log.warn({ consumer, how, error: error.message }, 'could not record a lost worker in redis'),
        )
    },
  })
  closers.add('link', () => link.close())
  const probe = connectRedis(config.redisUrl, 'probe', log)
  closers.add('redis probe', () => probe.disconnect())
  const inspection = createInspection(probe, queue.keys)
  const readGauges = createQueueGauges({
    backlog: createBacklog(probe, queue.keys),
    functionNames,
    registry: metrics.registry,
  })
  const readStreams = createStreamsGauge({
    streams: createStreamStore(probe, queue.keys, config.leaseMs),
    registry: metrics.registry,
  })
  const buckets = [...new Set(functions.flatMap(({ bucket, outputBucket }) => [bucket, outputBucket]))]
  let isDraining = false
  const jobs = createJobStore(parts.redis, queue, config.retentionMs)
  const runner = createJobRunner({ queue, jobs, log })
  const takeUpJobs = () =>
    void runner.takeUp().catch((error: Error) => log.debug({ error: error.message }, 'jobs wait'))

  const streams = createStreamStore(parts.redis, queue.keys, config.leaseMs)
  const streamRecords = createStreamRecords(storage, streams, log)

  const hub = createHub({
    subscribe: (listener) =>
      subscribeToChanges(connectRedis(config.redisUrl, 'block', log), queue.keys, listener),
    reader: createChangeReader(parts.redis, queue.keys),
    functionNames,
    log,
  })
  closers.add('live events', () => hub.close())
  const uploads = uploadStoreOf(config)
  closers.add('uploads', () => uploads?.close())

  const services = createServices({
    ...parts,
    sweep: sweepParts(parts),
    jobs,
    onJob: takeUpJobs,
    streams,
    streamRecords,
    hub,
    uploads,
  })
  const about = {
    version: readVersion(),
    tools: async () => (await parts.tools?.()) ?? {},
    health: () => checkHealth({ redis: inspection, queue, storage, buckets, functionNames }),
    services,
    base: config.basePath,
    tokens: config.tokens,
    trustedProxies: config.trustedProxies,
    failedLogins: createFailedLogins(),
    log,
  }
  const api = createApi({
    ...about,
    seconds: metrics.httpSeconds,
    inFlight: metrics.httpInFlight,
    isDraining: () => isDraining,
    receiver: config.streams,
    async metrics(format) {
      await readGauges().catch((error: Error) => log.debug({ error: error.message }, 'no queue gauges'))
      await readStreams().catch((error: Error) => log.debug({ error: error.message }, 'no gauge of streams'))
      await readScratch(parts)
      const own = (await metrics.registry.getMetricsAsJSON()) as MetricsSnapshot
      const ofFunctions = (await functionMetrics.getMetricsAsJSON()) as MetricsSnapshot
      return expose([own, ofFunctions, ...(await link.collect())], format)
    },
  })
  const pages = createConsole({
    ...about,
    storeOrigin: uploads?.origin,
    grafanaUrl: config.grafanaUrl,
    around: {
      storeUrl: config.minioPublicEndpoint,
      region: config.minioRegion,
      uploader: config.uploaderCredentials?.accessKey,
      localDir: config.localDir,
    },
  })
  closers.add('http', await listen(createFront(api, pages), config, log))

  const stopIntake = config.roles.includes('intake') ? startIntake(parts) : () => Promise.resolve()
  const limits = createLimitStore(storage, queue)
  const janitor = createJanitor(parts)
  const upkeep = createUpkeep(parts, functionNames)
  const sweeping = config.roles.includes('intake') ? createSweeping(parts) : undefined
  if (sweeping) closers.add('store watch', () => sweeping.close())
  const stopChores = startChores(
    [
      { name: 'jobs', everyMs: SECOND_MS, run: () => runner.takeUp() },
      { name: 'limits', everyMs: RECONCILE_MS, run: () => limits.reconcile(functionNames) },
      { name: 'streams', everyMs: SECOND_MS, run: () => streamRecords.follow() },
      ...(config.roles.includes('intake')
        ? [
            { name: 'janitor', everyMs: MINUTE_MS, run: () => janitor.step() },
            createVerdictPlacesChore(parts),
            ...upkeep.chores,
          ]
        : []),
      ...(sweeping?.chores ?? []),
    ],
    log,
  )
  link.ready()
  return async () => {
    isDraining = true
    metrics.draining.set(1)
    hub.close()
    sweeping?.stop()
    upkeep.debts.stop()
    await Promise.all([stopIntake(), stopChores(), runner.stop()])
  }
}

/** With the uploader's account: the runtime's own may not write what comes in. */
function uploadStoreOf(config: Config): UploadStore | undefined {
  const { minioEndpoint, minioPublicEndpoint, minioRegion, uploaderCredentials } = config
  return (
    uploaderCredentials &&
    createUploadStore({
      endpoint: minioEndpoint,
      publicEndpoint: minioPublicEndpoint,
      region: minioRegion,
      credentials: uploaderCredentials,
    })
  )
}

function startIntake({ config, functions, queue, metrics, log }: Parts): () => Promise<void> {
  const blocking = connectRedis(config.redisUrl, 'block', log)
  const intake = createIntake({
    name: intakeName(),
    queue,
    blocking,
    router: createRouter(functions),
    ...admissionSettings(config),
    metrics,
    log,
  })
  const ended = intake.run()
  return async () => {
    intake.stop()
    await ended
  }
}

/** Free space of the file system where attempts keep their files; nothing before the folder exists. */
async function readScratch({ config, metrics }: Parts): Promise<void> {
  const found = await statfs(config.scratchDir).catch(() => undefined)
  if (!found) return
  metrics.scratchFree.set(found.bavail * found.bsize)
  metrics.scratchSize.set(found.blocks * found.bsize)
}
