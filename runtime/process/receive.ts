/** The receiving process: streams arrive at its doors, and are stored piece by piece with an account of its own. @module */
import { ConfigError, messageOf } from '../errors.ts'
import { createInspection } from '../queue/inspection.ts'
import { connectRedis } from '../queue/redis.ts'
import { createStreamStore } from '../queue/streams.ts'
import type { ReceptionHooks } from '../reception/hooks.ts'
import { openDoors } from '../reception/doors/doors.ts'
import { startReception } from '../reception/reception.ts'
import { receivesOnly } from '../settings/values.ts'
import { functionMetrics, type RuntimeMetrics } from '../telemetry/metrics.ts'
import { SECOND_MS } from '../time.ts'
import { startChores } from '../upkeep/chores.ts'
import type { Connect } from './child.ts'
import { expose } from './exposition.ts'
import type { Closers } from './lifecycle.ts'
import type { Parts } from './parts.ts'

/**
 * Starts; resolves when every door is open. The function that it returns drains: the doors close, connections are cut, and
 * pieces are sent for as long as `SLUICE_DRAIN`; the rest is on disk for the next receiver.
 *
 * @throws {ConfigError} when settings name what this machine can never do
 */
export async function receive(
  parts: Parts,
  closers: Closers,
  onOrphaned: () => void,
  connect: Connect,
): Promise<() => Promise<void>> {
  const { config, queue, redis, storage, metrics, log, reception: media } = parts
  if (!media)
    throw new ConfigError(['SLUICE_ROLES: streams: this list of functions has no export "reception"'])
  const link = connect({ registries: [metrics.registry, functionMetrics], onOrphaned })
  closers.add('link', () => link.close())
  const probe = connectRedis(config.redisUrl, 'probe', log)
  closers.add('redis probe', () => probe.disconnect())
  const inspection = createInspection(probe, queue.keys)
  const settings = config.streams
  const store = createStreamStore(redis, queue.keys, config.leaseMs)
  const reception = await startReception({
    storage,
    store,
    media,
    hooks: hooksOf(metrics),
    settings,
    log,
  })
  const doors = await openDoors({
    reception,
    media,
    store,
    settings,
    tokens: config.tokens,
    onRefused: (door, reason) => metrics.streams.refused.inc({ door, reason }),
    readiness: async () =>
      inspection.answer().then(
        () => [],
        (error: unknown) => [`redis: ${messageOf(error)}`],
      ),
    ...(receivesOnly(config.roles) && {
      metrics: async () =>
        expose([await metrics.registry.getMetricsAsJSON(), await functionMetrics.getMetricsAsJSON()]),
    }),
    log,
  })
  closers.add('doors', () => doors.closeAll())
  metrics.streams.spoolLimit.set(settings.spoolLimitBytes)
  metrics.streams.pieceTarget.set(settings.pieceSeconds)
  const readSpool = () => metrics.streams.spoolBytes.set(reception.numbers().spoolBytes)
  const stopChores = startChores([{ name: 'spool', everyMs: SECOND_MS, run: readSpool }], log)
  link.ready()
  return async () => {
    metrics.draining.set(1)
    await doors.close()
    await reception.drain(config.drainMs)
    await stopChores()
  }
}

function hooksOf({ streams }: RuntimeMetrics): ReceptionHooks {
  return {
    takeEnded: (door, end) => streams.takes.inc({ door, end }),
    pieceStored(door, sizeBytes) {
      streams.pieces.inc({ door })
      streams.pieceBytes.inc({ door }, sizeBytes)
    },
    pieceLag: (seconds) => streams.lag.observe(seconds),
    dropped: (reason, seconds) => streams.droppedSeconds.inc({ reason }, seconds),
    gap: (reason) => streams.gaps.inc({ reason }),
    refused: (door, reason) => streams.refused.inc({ door, reason }),
    recovered: (pieces) => streams.recovered.inc(pieces),
  }
}
