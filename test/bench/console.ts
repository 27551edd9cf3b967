/**
 * CPU of the serving process while twenty people have a page of the console open and something changes each second: in percent of
 * a core, against the limit of ten. Tabs ask as the console's script does (assets/console/live.js).
 * @module
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SECOND_MS } from '../../runtime/time.ts'
import { startTestStack, type TestStack } from '../helpers/stack.ts'
import { waitFor } from '../helpers/wait.ts'
import type { Measurement } from './harness/compare.ts'
import { startCpu } from './harness/cpu.ts'
import type { Order } from './run.ts'
import { median, round, say } from './statistics.ts'

const TABS = 20
const MOST_PERCENT = 10
const MEASURED_MS = 12 * SECOND_MS
/** Runs that are there before: pages are full. */
const RUNS = 60
const PAGES = ['/', '/runs'] as const
const FUNCTIONS = join(import.meta.dirname, '..', 'e2e', 'functions.ts')

interface Seen {
  readonly percent: number
  readonly looks: number
  readonly medianMs: number
}

export async function measureConsole(_size: string | undefined, { rounds }: Order): Promise<Measurement> {
  const stack = await startTestStack({ env: { SLUICE_FUNCTIONS_FILE: FUNCTIONS } })
  const uploads = startUploads(stack)
  try {
    await uploads.first(RUNS)
    const seen: Record<string, Seen[]> = {}
    for (let number = 0; number < Math.min(rounds, 3); number += 1)
      for (const path of [undefined, ...PAGES]) {
        const name = path ?? 'nobody looks'
        const took = await measure(stack, path)
        ;(seen[name] ??= []).push(took)
        say(
          `${name}: ${round(took.percent, 1)} % of a core, ${round(took.looks, 1)} looks a second, ${round(took.medianMs, 0)} ms`,
        )
      }
    const percentOf = (name: string) => median((seen[name] ?? []).map(({ percent }) => percent))
    const ours = Math.max(...PAGES.map(percentOf))
    const notes = Object.keys(seen).map((name) => `${name}: ${round(percentOf(name), 1)} % of a core`)
    return {
      name: 'console',
      unit: '% of a core',
      ours,
      peer: MOST_PERCENT,
      ratio: ours / MOST_PERCENT,
      rounds,
      notes,
    }
  } finally {
    await uploads.stop()
    await stack.stop()
  }
}

async function measure(stack: TestStack, path: string | undefined): Promise<Seen> {
  const lasted: number[] = []
  const tabs =
    path === undefined ? [] : Array.from({ length: TABS }, () => openTab(stack.apiUrl, path, lasted))
  await Promise.all(tabs.map(({ opened }) => opened))
  const [pid] = await stack.childPids('serve')
  if (pid === undefined) throw new Error('there is no serving process')
  lasted.length = 0
  const [cpu, startedMs] = [startCpu({ serve: [pid] }), performance.now()]
  await sleep(MEASURED_MS)
  const [used, elapsedMs] = [cpu(1), performance.now() - startedMs]
  const looks = lasted.length
  await Promise.all(tabs.map((tab) => tab.close()))
  return {
    percent: (100 * (used['serve'] ?? 0)) / elapsedMs,
    looks: (looks * SECOND_MS) / elapsedMs,
    medianMs: looks === 0 ? 0 : median(lasted),
  }
}

/** A machine at high load takes some seconds; a stream that never says that it is ready is a fault, to be told. */
const OPENS_MS = 30 * SECOND_MS
const LOOK_MS = SECOND_MS
const GATHER_MS = 150

/** A page in sight: a connection for events, and after a change a look, at most once a second. */
function openTab(apiUrl: string, path: string, lasted: number[]) {
  const ending = new AbortController()
  let resolve = () => {}
  let reject = (_error: Error) => {}
  const opened = new Promise<void>((then, orElse) => {
    resolve = then
    reject = orElse
  })
  const late = setTimeout(
    () => reject(new Error(`/v1/live did not send "ready" within ${OPENS_MS} ms`)),
    OPENS_MS,
  )
  let [etag, lastLookMs, isDue] = ['', 0, false]

  async function look() {
    const changedMs = performance.now()
    await sleep(Math.max(GATHER_MS, LOOK_MS - (changedMs - lastLookMs)))
    lastLookMs = performance.now()
    isDue = false
    const within = String(Math.round(lastLookMs - changedMs))
    const headers = { 'x-part': 'main', 'x-etag': etag, 'x-within': within, 'accept-encoding': 'gzip' }
    const answer = await fetch(apiUrl + path, { headers, signal: ending.signal })
    await answer.text()
    etag = answer.headers.get('etag') ?? ''
    lasted.push(performance.now() - lastLookMs)
  }

  async function listen() {
    const answer = await fetch(`${apiUrl}/v1/live?about=all`, { signal: ending.signal })
    if (!answer.body) throw new Error(`no events: ${answer.status}`)
    for await (const bytes of answer.body) {
      const text = Buffer.from(bytes as Uint8Array).toString()
      if (text.includes('event: ready')) resolve()
      if (!text.includes('event: ') || isDue) continue
      isDue = true
      look().catch((error: unknown) => {
        if (!ending.signal.aborted) throw error
      })
    }
  }
  const listening = listen().catch((error: unknown) => {
    if (!ending.signal.aborted) reject(error as Error)
  })
  return {
    opened,
    async close() {
      clearTimeout(late)
      ending.abort()
      await listening
    },
  }
}

/** One upload a second, each of which is one change of a page and more. */
function startUploads({ storage }: TestStack) {
  let count = 0
  let isOver = false
  const put = () => {
    count += 1
    return storage.put(
      'incoming',
      `echo/film ${count}.txt`,
      { bytes: Buffer.from('x') },
      { contentType: 'text/plain' },
    )
  }
  const going = (async () => {
    while (!isOver) {
      await put()
      await sleep(SECOND_MS)
    }
  })()
  return {
    async first(wanted: number) {
      while (count < wanted) await put()
      await waitFor(() => Promise.resolve(count >= wanted), { timeoutMs: 60_000, what: 'the first uploads' })
    },
    async stop() {
      isOver = true
      await going
    },
  }
}
