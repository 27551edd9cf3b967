/** Looking at Redis from outside the queue, for health and the doctor. Only reads. @module */
import { createHistory } from './history.ts'
import { createInboxCommands } from './inbox.ts'
import { GROUP, type Keys } from './keys.ts'
import { redisNowMs, type Redis } from './redis.ts'
import { createScripts } from './scripts.ts'

export type Inspection = ReturnType<typeof createInspection>

export function createInspection(redis: Redis, keys: Keys) {
  const inbox = createInboxCommands(redis, keys, createScripts(redis, keys.prefix))
  const history = createHistory(redis, keys)
  return {
    answer: () => redis.ping(),
    /** Redis's clock. */
    nowMs: () => redisNowMs(redis),
    readInfo: () => redis.info(),
    /** Such as `list`; `none` when there is no such key. */
    typeOf: (key: string) => redis.type(key),
    inboxLength: () => redis.llen(keys.inbox),
    badLength: () => redis.xlen(keys.bad),
    asideLength: () => redis.xlen(keys.aside),
    lookIntoInbox: (newest: number) => inbox.lookIntoInbox(newest),
    announcements: (objectId: string) => history.announcements(objectId),
    /** @throws {Error} when there is no such stream, or the key has another type */
    hasGroup: async (stream: string): Promise<boolean> =>
      JSON.stringify(await redis.xinfo('GROUPS', stream)).includes(`"${GROUP}"`),
    close: () => redis.disconnect(),
  }
}
