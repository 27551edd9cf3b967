/** A receiver as a process of its own, to be killed: the engine, and a feed that the parent directs. Started by `engine-process.ts`. */
import { createKeys } from '../../../runtime/queue/keys.ts'
import { connectRedis } from '../../../runtime/queue/redis.ts'
import { createStreamStore } from '../../../runtime/queue/streams.ts'
import type { EndOfTake, Sender } from '../../../runtime/reception/connection.ts'
import { startReception, type ReceptionOptions } from '../../../runtime/reception/reception.ts'
import { createStorage } from '../../../runtime/storage/client.ts'
import type { RequesterOptions } from '../../../runtime/storage/request.ts'
import type { Storage } from '../../../runtime/storage/storage.ts'
import { feed, silent, testMedia, type Feed } from './engine.ts'

/** The calls of the store at which the process dies: before or after the first of this kind. */
export type Death =
  'before-piece' | 'after-piece' | 'before-playlist' | 'after-playlist' | 'before-record' | 'after-record'

export interface ChildOptions {
  readonly redisUrl: string
  readonly prefix: string
  readonly leaseMs: number
  readonly store: Pick<RequesterOptions, 'endpoint' | 'region' | 'credentials'>
  readonly settings: ReceptionOptions['settings']
  readonly death?: Death | undefined
}

export type Order =
  | { readonly kind: 'admit'; readonly sender: Sender }
  | { readonly kind: 'push'; readonly count: number; readonly sizeBytes?: number }
  | { readonly kind: 'open'; readonly seconds: number }
  | { readonly kind: 'end'; readonly how: EndOfTake }
  | { readonly kind: 'isCut' }
  | { readonly kind: 'numbers' }
  | { readonly kind: 'drain'; readonly drainMs: number }

const options = JSON.parse(process.argv[2] ?? '') as ChildOptions

/** Dies as `kill -9` does: no handler runs, nothing is closed. */
const die = () => process.kill(process.pid, 'SIGKILL')

function deadly(storage: Storage, death: Death | undefined): Storage {
  const kindOf = (key: string) =>
    key.endsWith('.m3u8') ? 'playlist' : key.endsWith('session.json') ? 'record' : 'piece'
  return {
    ...storage,
    async put(bucket, key, body, rest) {
      if (death === `before-${kindOf(key)}`) die()
      const stored = await storage.put(bucket, key, body, rest)
      if (death === `after-${kindOf(key)}`) die()
      return stored
    },
  }
}

const storage = deadly(createStorage({ ...options.store, retries: 1, writeRetries: 1 }), options.death)
const redis = connectRedis(options.redisUrl, 'command', silent)
const store = createStreamStore(redis, createKeys(options.prefix), options.leaseMs)
const reception = await startReception({
  storage,
  store,
  media: testMedia,
  log: silent,
  settings: options.settings,
})
let current: Feed | undefined

async function obey(order: Order): Promise<unknown> {
  switch (order.kind) {
    case 'admit':
      current = await feed(reception, order.sender)
      return { of: current.of, take: current.connection.take }
    case 'push':
      return current?.push(order.count, order.sizeBytes === undefined ? {} : { sizeBytes: order.sizeBytes })
    case 'open':
      return current?.open(order.seconds)
    case 'end':
      return current?.end(order.how)
    case 'isCut':
      return current?.connection.cut.aborted
    case 'numbers':
      return reception.numbers()
    case 'drain':
      await reception.drain(order.drainMs)
      return setImmediate(() => process.exit(0))
  }
}

process.on('message', ({ id, order }: { id: number; order: Order }) => {
  obey(order).then(
    (value) => process.send?.({ id, value: order.kind === 'drain' ? undefined : value }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  )
})
// A receiver whose test has ended must not live on.
process.on('disconnect', () => process.exit(0))
process.send?.({ id: 0 })
