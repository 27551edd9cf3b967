/** A child's link to its supervisor: sends heartbeats with its metrics, and asks for those of the others. @module */
import type { OpenMetricsContentType, Registry } from 'prom-client'
import {
  ALIVE_EVERY_MS,
  TURNS_EVERY_MS,
  type Fate,
  type MetricsSnapshot,
  type ToChild,
  type ToSupervisor,
} from './messages.ts'

const ANSWER_MS = 1_000

type AnyRegistry = Registry | Registry<OpenMetricsContentType>

export interface ChildLink {
  /** To be called when the child works: a child that ends before could not start. */
  ready(): void
  /** Every worker's metrics; none when the supervisor does not answer. */
  collect(): Promise<readonly MetricsSnapshot[]>
  /** Hands over the last metrics. */
  close(): Promise<void>
}

/** How a process is connected to its supervisor, if it has one. */
export type Connect = (parts: LinkParts) => ChildLink

export interface LinkParts {
  readonly registries: readonly AnyRegistry[]
  /** Called when the supervisor is gone, also when that was before the link was made. */
  readonly onOrphaned: () => void
  /** The worker's name in the queue. */
  readonly consumer?: string
  /** Called with what has become of a worker. */
  readonly onFate?: (fate: Fate) => void
}

export function linkToSupervisor({ registries, onOrphaned, consumer, onFate }: LinkParts): ChildLink {
  const waiting = new Map<number, (snapshots: readonly MetricsSnapshot[]) => void>()
  let lastId = 0

  const snapshot = async (): Promise<MetricsSnapshot> =>
    (await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()))).flat()
  /** Resolves when the channel has taken it, or there is none. */
  const say = (message: ToSupervisor) =>
    new Promise<void>((resolve) => {
      if (process.connected) process.send?.(message, undefined, undefined, () => resolve())
      else resolve()
    })
  const sayAlive = async () => say({ type: 'alive', metrics: await snapshot() })

  const timers = [
    setInterval(() => void sayAlive(), ALIVE_EVERY_MS),
    setInterval(() => void say({ type: 'turns' }), TURNS_EVERY_MS),
  ]
  process.on('message', (message: ToChild) => {
    if (message.type === 'fate') return onFate?.(message.fate)
    waiting.get(message.id)?.(message.snapshots)
    waiting.delete(message.id)
  })
  process.once('disconnect', onOrphaned)
  // The supervisor may have gone while functions were loading. Without IPC (started by hand) it is undefined.
  if ((process.connected as boolean | undefined) === false) onOrphaned()

  return {
    ready: () => void say({ type: 'ready', consumer }),
    collect: () =>
      new Promise((resolve) => {
        const id = ++lastId
        waiting.set(id, resolve)
        setTimeout(() => {
          waiting.delete(id)
          resolve([])
        }, ANSWER_MS).unref()
        void say({ type: 'collect', id })
      }),
    async close() {
      for (const timer of timers) clearInterval(timer)
      await sayAlive()
      if (process.connected) process.disconnect()
    },
  }
}
