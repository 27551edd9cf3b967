/**
 * The work that a receiver repeats: the orders from Redis and the ticks of takes each second, heartbeats, the disk, and what other
 * receivers have left.
 * @module
 */
import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../errors.ts'
import { OWNER_FILE } from '../owned-folder.ts'
import { SECOND_MS, sleep } from '../time.ts'
import type { StreamContext } from './context.ts'
import type { Adoption } from './stream/adoption.ts'
import type { Stream } from './stream/stream.ts'

export interface RoundsParts {
  readonly context: StreamContext
  /** By session: all that this process has to do with. */
  readonly streams: ReadonlyMap<string, Stream>
  /** Those that this process has claimed, and that have not ended. */
  readonly owned: () => readonly Stream[]
  readonly adoption: Adoption
  readonly isDraining: () => boolean
}

export interface Rounds {
  /** Repeats all until the process ends, and resolves then. */
  start(): Promise<void>
}

export function createRounds({ context, streams, owned, adoption, isDraining }: RoundsParts): Rounds {
  const { store, spool, log, over } = context

  async function obeyOrders(): Promise<void> {
    const mine = owned().flatMap((stream) =>
      stream.claim ? [{ stream, name: stream.of.name, token: stream.claim.token }] : [],
    )
    const orders = await store.orders(mine)
    for (const { stream, name, token } of mine) {
      const order = orders.get(name)
      if (order && stream.claim?.token === token) stream.obey(order)
    }
  }

  async function beatAll(): Promise<void> {
    const now = new Date()
    for (const { session } of streams.values())
      // A receiver that starts on another host with this disk cannot see whether this process lives.
      await utimes(join(session.folder, OWNER_FILE), now, now).catch(() => undefined)
    await Promise.all(owned().map((stream) => stream.beat()))
  }

  const beatMs = store.leaseMs / 3
  const rounds = [
    { name: 'the orders for streams could not be read', everyMs: SECOND_MS, work: obeyOrders },
    { name: 'a heartbeat of a stream failed', everyMs: beatMs, work: beatAll },
    {
      name: 'the disk of the spool could not be looked at',
      everyMs: SECOND_MS,
      work: () => spool.lookAtDisk(),
    },
    {
      name: 'the folders of dead receivers could not be looked at',
      everyMs: beatMs,
      work: adoption.adoptFolders,
    },
    {
      name: 'the sessions of lost receivers could not be ended',
      everyMs: beatMs,
      work: adoption.endLapsed,
    },
  ]

  async function repeat({ name, everyMs, work }: (typeof rounds)[number]): Promise<void> {
    while (!over.aborted) {
      await sleep(everyMs, over)
      if (over.aborted || (isDraining() && work !== beatAll)) continue
      await work().catch((error: unknown) => log.warn({ error: messageOf(error) }, name))
    }
  }

  return {
    async start() {
      const ticking = setInterval(() => {
        for (const { current } of streams.values()) current?.tick(Date.now())
      }, SECOND_MS)
      await Promise.all(rounds.map(repeat))
      clearInterval(ticking)
    },
  }
}
