/** The pulls that are wanted: each is connected to again and again, for as long as somebody wants its stream. @module */
import { messageOf } from '../../../errors.ts'
import type { PieceFormat } from '../../../function/take.ts'
import type { WantedPull } from '../../../queue/stream-records.ts'
import type { StreamStore } from '../../../queue/streams.ts'
import { SECOND_MS, sleep } from '../../../time.ts'
import { pullBackoffMs } from './backoff.ts'
import { pullOnce, type PullOutcome, type PullParts } from './pull.ts'

export interface PullsParts extends PullParts {
  readonly store: Pick<StreamStore, 'wanted' | 'holder' | 'pullFailed' | 'forgetPullFailure'>
}

export interface Pulls {
  /** Starts no more connections; those that were admitted are not cut. */
  close(): Promise<void>
}

interface Pull {
  /** As text, to see a change of it. */
  readonly text: string
  readonly unwanted: AbortController
}

const LOOK_EVERY_MS = SECOND_MS
/** A source that ends sooner is called less and less often: a file would be pulled again each second. */
const STEADY_MS = 30 * SECOND_MS

export function startPulls(parts: PullsParts): Pulls {
  const { store, log } = parts
  const closing = new AbortController()
  const pulls = new Map<string, Pull>()
  let isAway = false

  async function look(): Promise<void> {
    const all = await store.wanted()
    for (const [name, { text, unwanted }] of pulls) {
      const wanted = all.get(name)
      if (wanted && JSON.stringify(wanted) === text) continue
      unwanted.abort()
      pulls.delete(name)
      if (!wanted) await store.forgetPullFailure(name)
    }
    for (const [name, wanted] of all) {
      if (pulls.has(name)) continue
      const unwanted = new AbortController()
      pulls.set(name, { text: JSON.stringify(wanted), unwanted })
      void keepPulling(parts, { name, wanted, signal: unwanted.signal, closing: closing.signal })
    }
  }

  async function follow(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        await look()
        isAway = false
      } catch (error) {
        if (!isAway) log.warn({ error: messageOf(error) }, 'the wanted pulls could not be read; trying again')
        isAway = true
      }
      await sleep(LOOK_EVERY_MS, closing.signal)
    }
  }

  const ended = follow()
  return {
    async close() {
      closing.abort()
      await ended
    },
  }
}

interface Wanted {
  readonly name: string
  readonly wanted: WantedPull
  readonly signal: AbortSignal
  readonly closing: AbortSignal
}

async function keepPulling(parts: PullsParts, { name, wanted, signal, closing }: Wanted): Promise<void> {
  const { log, store } = parts
  const isOver = () => signal.aborted || closing.aborted
  /** People read it, and nothing depends on it. */
  const tell = (told: Promise<void>) =>
    told.catch((error: unknown) =>
      log.warn({ stream: name, error: messageOf(error) }, 'Redis does not know how a pull is doing'),
    )
  /** In a row: connections that gave nothing or ended soon, and those of them that gave nothing. */
  let [short, failures] = [0, 0]
  let format: PieceFormat = 'mpegts'
  let isOtherFormatTried = false
  while (!isOver()) {
    // Another receiver pulls it, or somebody pushes under its name. A dead owner's lease runs out: then admission decides.
    if (await store.holder(name).catch(() => undefined)) {
      await pause(SECOND_MS, signal, closing)
      continue
    }
    const startedAtMs = performance.now()
    const onReceived = () => void tell(store.forgetPullFailure(name))
    const outcome: PullOutcome = await pullOnce(parts, { name, wanted, format, signal, onReceived }).catch(
      (error: unknown) => ({ kind: 'failed' as const, why: messageOf(error), lines: [] }),
    )
    if (isOver()) return
    const isSteady = outcome.kind === 'received' && performance.now() - startedAtMs >= STEADY_MS
    if (outcome.kind === 'failed' && outcome.otherFormat && !isOtherFormatTried) {
      // Not its failure: a source says what it sends only when it is connected to.
      format = outcome.otherFormat
      isOtherFormatTried = true
      continue
    }
    isOtherFormatTried = false
    short = isSteady ? 0 : short + 1
    failures = outcome.kind === 'failed' ? failures + 1 : 0
    const waitMs = pullBackoffMs(short, Math.random())
    if (outcome.kind === 'failed') {
      const { why, lines } = outcome
      log.warn({ stream: name, failures, waitMs, why, lines }, 'a stream could not be pulled; trying again')
      await tell(store.pullFailed(name, { failures, why, sinceMs: wanted.sinceMs }))
      // Nobody wants it any more, and its failures were forgotten before this one was there.
      if (signal.aborted) await tell(store.forgetPullFailure(name))
    }
    await pause(waitMs, signal, closing)
  }
}

async function pause(ms: number, signal: AbortSignal, closing: AbortSignal): Promise<void> {
  const over = new AbortController()
  const end = () => over.abort()
  for (const each of [signal, closing]) each.addEventListener('abort', end, { signal: over.signal })
  if (signal.aborted || closing.aborted) end()
  await sleep(ms, over.signal)
  end()
}
