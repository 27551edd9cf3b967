/** Streams: listed, shown, stopped, pulled; and the keys with which senders may push. @module */
import { createKey, type StreamRecord } from '../../queue/stream-records.ts'
import type { StreamState } from '../../queue/stream-state.ts'
import type { StreamStore } from '../../queue/streams.ts'
import { UnreadableRecordError, type StreamRecords } from '../../records/streams.ts'
import type { Config } from '../../settings/config.ts'
import { parseDurationMs } from '../../time.ts'
import { RefusedError } from '../http/problem.ts'
import type { CreatedStreamKey, StoppedStream, StreamDetail, StreamKeyView, StreamView } from './model.ts'
import type { PullRequest } from './model.ts'
import { isSameWish, wishFor } from './pull-wish.ts'
import { pullProblem } from './pull-url.ts'
import { keyView, streamDetail, streamView, type Wanted } from './view.ts'

export interface StreamService {
  /** Live and waiting ones, wanted ones, and those that have ended in the last week, each in this order and by name. */
  list(): Promise<readonly StreamView[]>
  /** Undefined for a name that nothing is known of. */
  get(name: string): Promise<StreamDetail | undefined>
  /** @throws {RefusedError} when the URL cannot be pulled, or something else is wanted under this name */
  pull(asked: PullRequest): Promise<StreamView>
  /** Requests the end of its session, and of its pull unless that is to continue with a new session. */
  stop(name: string, keepsWanted: boolean): Promise<StoppedStream>
  /** @param name - or `*` for a key that is good for every stream */
  keys(name: string): Promise<readonly StreamKeyView[]>
  createKey(name: string, expiresIn?: string): Promise<CreatedStreamKey>
  revokeKey(name: string, id: string): Promise<StreamKeyView>
}

export interface StreamParts {
  readonly streams: StreamStore
  readonly records: StreamRecords
  readonly queue: { nowMs(): Promise<number> }
  readonly config: { readonly streams: Pick<Config['streams'], 'pullHosts'> }
}

/** Of streams that have ended, how many a list shows. */
const ENDED_SHOWN = 200
/** Every sender is compared with all of them. */
const MAX_KEYS = 1_000

export function createStreamService(parts: StreamParts): StreamService {
  const { streams, records, queue, config } = parts

  async function times() {
    return { nowMs: await queue.nowMs(), leaseMs: streams.leaseMs }
  }

  /** The pulls that are wanted, by name, each with its last failure. */
  async function wantedPulls(): Promise<ReadonlyMap<string, Wanted>> {
    const [pulls, failures] = await Promise.all([streams.wanted(), streams.pullFailures()])
    return new Map([...pulls].map(([name, pull]) => [name, { pull, failure: failures.get(name) }]))
  }

  const read = (name: string) => records.read(name).catch(refuseUnreadable)
  const change: StreamRecords['change'] = (name, by) => records.change(name, by).catch(refuseUnreadable)

  async function view(name: string, state: StreamState | undefined, wanted: Wanted | undefined) {
    return streamView(name, state, wanted, await times())
  }

  async function viewOf(name: string): Promise<StreamView> {
    const [state, pulls] = await Promise.all([streams.read(name), wantedPulls()])
    return view(name, state, pulls.get(name))
  }

  return {
    async list() {
      const [active, pulls, ended, at] = await Promise.all([
        streams.list(),
        wantedPulls(),
        streams.ended(ENDED_SHOWN),
        times(),
      ])
      const states = new Map([...ended, ...active].map((state) => [state.name, state]))
      const names = new Set([...active.map(({ name }) => name), ...pulls.keys(), ...states.keys()])
      const views = [...names].map((name) => streamView(name, states.get(name), pulls.get(name), at))
      const order: readonly StreamView['state'][] = ['live', 'waiting', 'wanted', 'ended']
      return views.toSorted(
        (a, b) => order.indexOf(a.state) - order.indexOf(b.state) || (a.name < b.name ? -1 : 1),
      )
    },

    async get(name) {
      const [state, pulls, history] = await Promise.all([
        streams.read(name),
        wantedPulls(),
        streams.history(name),
      ])
      const wanted = pulls.get(name)
      if (!state && !wanted && history.length === 0) return undefined
      return streamDetail(await view(name, state, wanted), state, history)
    },

    async pull({ name, url, ...options }) {
      const problem = pullProblem(url, config.streams.pullHosts)
      if (problem) throw new RefusedError('impossible', `url: ${problem}`)
      const wish = wishFor(url, options)
      if (wish.onFull === 'brake' && wish.url.startsWith('srt:'))
        throw new RefusedError(
          'impossible',
          'onFull: a source of SRT does not wait, so its oldest pieces are given up when the disk is full: leave it out',
        )
      await change(name, (record) => {
        const { wanted } = record
        if (wanted && !isSameWish(wanted, wish))
          throw new RefusedError(
            'conflict',
            `stream ${name} is already pulled from another address or with other options: stop it first, then pull this one`,
          )
        return { ...record, wanted: wanted ?? { ...wish, sinceMs: Date.now() } }
      })
      return viewOf(name)
    },

    async stop(name, keepsWanted) {
      const before = await read(name)
      const isUnwanted = before.wanted !== undefined && !keepsWanted
      // First, so that no receiver begins it again.
      if (isUnwanted) {
        await change(name, ({ keys }) => ({ keys }))
        await streams.forgetPullFailure(name)
      }
      const session = await streams.requestStop(name)
      if (!isUnwanted && session === undefined)
        throw new RefusedError('not-found', `there is no stream ${name} that is live, waits or is wanted`)
      return { ...(await viewOf(name)), hasEndedPull: isUnwanted }
    },

    keys: async (name) => (await read(name)).keys.map((key) => keyView(name, key)),

    async createKey(name, expiresIn) {
      const { key, secret } = createKey(
        await queue.nowMs(),
        expiresIn === undefined ? undefined : parseDurationMs(expiresIn),
      )
      await change(name, (record: StreamRecord) => {
        if (record.keys.length >= MAX_KEYS)
          throw new RefusedError('conflict', `stream ${name} has ${MAX_KEYS} keys: revoke some first`)
        return { ...record, keys: [...record.keys, key] }
      })
      return { ...keyView(name, key), secret }
    },

    async revokeKey(name, id) {
      const nowMs = await queue.nowMs()
      const changed = await change(name, (record) => {
        if (!record.keys.some((key) => key.id === id))
          throw new RefusedError('not-found', `stream ${name} has no key ${id}`)
        const revoked = record.keys.map((key) =>
          key.id === id ? { ...key, revokedAtMs: key.revokedAtMs ?? nowMs } : key,
        )
        return { ...record, keys: revoked }
      })
      const [key] = changed.keys.filter((each) => each.id === id)
      if (!key) throw new RefusedError('not-found', `stream ${name} has no key ${id}`)
      return keyView(name, key)
    },
  }
}

/** A person has to repair it. */
function refuseUnreadable(error: unknown): never {
  throw error instanceof UnreadableRecordError ? new RefusedError('conflict', error.message) : error
}
