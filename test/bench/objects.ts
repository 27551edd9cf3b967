/**
 * Small objects a second, from the first PUT to the last manifest, through a real MinIO: a function that reads its object and
 * writes one file, against a BullMQ worker that asks HEAD, reads, and puts a result and a JSON about it. One worker process
 * each, the same number at a time, the same uploader, in turn. In `objects` BullMQ's uploads are announced once and it works as
 * root, which is its cheapest way; in `objects-fair` by two targets as ours, and it has an account with a policy.
 * @module
 */
import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { sleep } from '../../runtime/time.ts'
import type { TestStack } from '../helpers/stack.ts'
import { waitFor } from '../helpers/wait.ts'
import { compare, mapped, type Measurement, type Pass } from './harness/compare.ts'
import { peakMemoryMb, startCpu, type Pids } from './harness/cpu.ts'
import { withRuntimes, type Runtime } from './harness/tree.ts'
import { bindPeer, peerAccount, type PeerBinding } from './peer/bind.ts'
import { installPeer } from './peer/install.ts'
import type { Order } from './run.ts'
import { startSide, type Side } from './side.ts'

const OBJECTS = 400
const UPLOADS_AT_A_TIME = 8
/** An object takes longer, so a look that late is never too late; looking each few milliseconds cost as much as uploading. */
const FASTEST_MS = 1.5
const LEAST_LOOK_MS = 5
const PATIENCE_MS = 60_000
const BODY = Buffer.alloc(4_096, 'small ')

/** One side: where its uploads go and its results come from. */
interface Contender {
  readonly stack: TestStack
  readonly bucket: string
  readonly manifestOf: (key: string) => readonly [bucket: string, key: string]
  /** Whose CPU time it uses; the uploader's is added. */
  readonly pids: () => Pids
  /** Objects that have their manifest and whose runs are settled. */
  readonly done: () => Promise<number>
  /** The same, when it is at least so many. */
  readonly reached: (count: number) => Promise<unknown>
}

export function measureObjects(size: string | undefined, order: Order): Promise<Measurement> {
  return measure('objects', { isAnnouncedTwice: false }, size, order)
}

export function measureObjectsFair(size: string | undefined, order: Order): Promise<Measurement> {
  return measure('objects-fair', { isAnnouncedTwice: true }, size, order)
}

async function measure(
  name: string,
  binding: PeerBinding,
  size = String(OBJECTS),
  { rounds, before }: Order,
): Promise<Measurement> {
  const count = Number(size)
  await installPeer()
  const options = { functions: 'functions.ts', env: { SLUICE_WORKERS: '1' } }
  return withRuntimes(before, options, async (runtimes) => {
    const { stack } = runtimes.ours
    const account = await peerAccount(stack, binding)
    const list = await bindPeer(stack, binding)
    const settings = { url: stack.redisUrl, list, endpoint: stack.minioEndpoint, ...account, ...binding }
    const side = startSide(join(import.meta.dirname, 'peer', 'objects.mjs'), [JSON.stringify(settings)])
    try {
      const contenders = { ...mapped(runtimes, contenderOf), peer: peerOf(stack, side) }
      const all = Object.values(contenders)
      for (const each of all) await warm(each)
      const measured = await compare({
        name,
        unit: 'objects/s',
        rounds,
        digits: 1,
        parts: 'CPU ms an object',
        sides: mapped(contenders, (each) => (round: number) => pass(each, all, round, count)),
      })
      const { worker = [], serving = [] } = runtimes.ours.pids()
      const [workerMb, servingMb] = [worker, serving].map(([pid = 0]) => peakMemoryMb(pid))
      const memory = `peak memory: worker ${workerMb} MB, serving ${servingMb} MB`
      return { ...measured, notes: [...(measured.notes ?? []), memory] }
    } finally {
      await side.stop()
    }
  })
}

function contenderOf({ stack, ended, pids }: Runtime): Contender {
  return {
    stack,
    pids,
    bucket: 'incoming',
    manifestOf: (key) => ['processed', `${key}/small/manifest.json`],
    done: ended,
    async reached(count) {
      let lastMs = performance.now()
      for (let [now, before] = [await ended(), 0]; now < count; [now, before] = [await ended(), now]) {
        if (now > before) lastMs = performance.now()
        else if (performance.now() - lastMs > PATIENCE_MS)
          throw new Error(`only ${now} of ${count} runs ended`)
        await sleep(Math.max(LEAST_LOOK_MS, (count - now) * FASTEST_MS))
      }
    },
  }
}

function peerOf(stack: TestStack, side: Side): Contender {
  return {
    stack,
    pids: () => ({ worker: [side.pid], redis: [stack.redis.pid ?? 0], minio: [stack.minio.pid ?? 0] }),
    bucket: 'peer',
    manifestOf: (key) => ['peer-results', `${key}/manifest.json`],
    done: () => side.ask<number>({}),
    reached: (until) => side.ask<number>({ until }),
  }
}

/** MinIO loads its rules a moment after it says that it is ready; uploads before then are never announced. */
async function warm(contender: Contender): Promise<void> {
  await waitFor(
    async () => {
      await put(contender, 'small/first')
      return (await contender.done()) > 0
    },
    { timeoutMs: 30_000, intervalMs: 500, what: `the first event of ${contender.bucket}` },
  )
}

async function pass(
  contender: Contender,
  all: readonly Contender[],
  round: number,
  count: number,
): Promise<Pass> {
  await quiet(all)
  const before = await contender.done()
  const [startedAtMs, cpu] = [performance.now(), startCpu({ ...contender.pids(), uploader: [process.pid] })]
  let next = 0
  const uploader = async () => {
    for (let at = next++; at < count; at = next++) await put(contender, `small/${round}/${at}`)
  }
  await Promise.all(Array.from({ length: UPLOADS_AT_A_TIME }, uploader))
  await contender.reached(before + count)
  const value = count / ((performance.now() - startedAtMs) / 1_000)
  // What is announced a second time is paid by the side that was announced.
  await quiet(all)
  const parts = cpu(count)
  await assertThere(contender, `small/${round}/${count - 1}`)
  return { value, parts }
}

/** Nothing is under way on any side: neither a run nor an event that waits in a folder of MinIO. */
async function quiet(all: readonly Contender[]): Promise<void> {
  let last = ''
  const look = async () => {
    const done = await Promise.all(all.map((each) => each.done()))
    const waiting = await Promise.all(all.map(({ stack }) => eventsIn(join(stack.dir, 'minio', 'events'))))
    const now = JSON.stringify([done, waiting])
    const isQuiet = now === last && waiting.every((events) => events === 0)
    last = now
    return isQuiet
  }
  await waitFor(look, { timeoutMs: 60_000, intervalMs: 500, what: 'nothing to be under way' })
}

async function eventsIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).length
}

async function put({ stack, bucket }: Contender, key: string): Promise<void> {
  await stack.storage.put(bucket, key, { bytes: BODY }, { contentType: 'text/plain' })
}

/** The last object's result says what was read: no side may be fast by doing nothing. */
async function assertThere(
  { stack: { storage }, bucket, manifestOf }: Contender,
  key: string,
): Promise<void> {
  const [folder, name] = manifestOf(key)
  const manifest = await storage.readText(folder, name)
  const { files } = JSON.parse(manifest?.text ?? '{"files":[]}') as { files: { key: string }[] }
  const result = files[0] && (await storage.readText(folder, files[0].key))
  const sha256 = createHash('sha256').update(BODY).digest('hex')
  if (!result?.text.includes(sha256)) throw new Error(`${bucket} has no right result for ${key}`)
}
