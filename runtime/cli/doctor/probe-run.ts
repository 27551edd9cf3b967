/** A real run of one function (`--run`): a small file is uploaded, its result is checked, and everything is removed again. @module */
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { FunctionOfObject, ObjectView } from '../../api/objects/model.ts'
import { messageOf } from '../../errors.ts'
import { createRouter } from '../../function/routing.ts'
import { removeAll } from '../../output/attempt-folder.ts'
import { allBuckets } from '../../setup/minio/policies.ts'
import { MINUTE_MS, SECOND_MS, sleep, stretched } from '../../time.ts'
import { countText, durationText } from '../terminal/amounts.ts'
import { formatBytes } from '../../amounts.ts'
import { createApiClient, type ApiClient } from '../../api/client.ts'
import { fail, ok, skipped, type Finding, type Findings } from './finding.ts'
import type { Subject } from './subject.ts'

export interface ProbeRun {
  /** The name of the function. */
  readonly name: string
  /** The path of the file to upload. @defaultValue a second of a tone, as WAV */
  readonly file?: string | undefined
}

const PATIENCE_MS = stretched(2 * MINUTE_MS)
const ENDED = ['succeeded', 'dead', 'cancelled', 'superseded', 'source-gone']

export async function* checkProbeRun(subject: Subject, { name, file }: ProbeRun): Findings {
  const { root, functions, invocation } = subject
  const check = `run of ${name}`
  const definition = functions.find((fn) => fn.name === name)
  if (!definition) {
    yield fail(
      check,
      `there is no such function; the functions are ${functions.map((fn) => fn.name).join(', ')}`,
      `${invocation} functions`,
    )
    return
  }
  if (!root) {
    yield skipped(
      check,
      'this needs MINIO_ROOT_USER and MINIO_ROOT_PASSWORD: only root may remove the file afterwards',
    )
    return
  }
  const { bucket } = definition
  const folder = `sluice-doctor-${randomUUID().slice(0, 8)}/`
  const key = `${folder}${file === undefined ? 'tone.wav' : basename(file)}`
  const bytes = file === undefined ? toneWav() : await readFile(file)
  const route = createRouter([definition])({ bucket, key, sizeBytes: bytes.length, make: [name] })[0]
  if (route?.mismatch) {
    yield fail(
      check,
      `the function does not match ${key} (${route.mismatch}): name a file that it matches`,
      `${invocation} doctor --run ${name} --file <path>`,
    )
    return
  }
  const api = createApiClient(subject.env, subject.api)
  const startedMs = performance.now()
  try {
    await root.storage.put(
      bucket,
      key,
      { bytes },
      { contentType: 'application/octet-stream', metadata: { make: name } },
    )
    const ended = await untilEnded(api, { bucket, key, name }, subject.signal)
    yield judge(check, ended, performance.now() - startedMs, { key: `${bucket}/${key}`, invocation })
  } catch (error) {
    yield fail(check, messageOf(error), `${invocation} why ${bucket}/${key}`)
  } finally {
    // The source first: runs that are still in progress then end as `source-gone`.
    const written = allBuckets(functions).filter((other) => other !== bucket)
    for (const each of [bucket, ...written])
      await removeAll(root.storage, each, root.storage.list(each, { prefix: folder, versions: true }))
  }
}

/** The function's part of the view once every function that matches the file has ended; undefined when that takes too long. */
async function untilEnded(
  api: ApiClient,
  { bucket, key, name }: { readonly bucket: string; readonly key: string; readonly name: string },
  signal: AbortSignal,
): Promise<FunctionOfObject | undefined> {
  const deadlineMs = performance.now() + PATIENCE_MS
  while (performance.now() < deadlineMs && !signal.aborted) {
    const view = await api.get<ObjectView>(`/v1/objects/${bucket}`, { key })
    const taking = view.functions.filter(({ isMatch }) => isMatch)
    if (taking.length > 0 && taking.every(({ run }) => run && ENDED.includes(run.status)))
      return taking.find((fn) => fn.name === name)
    await sleep(SECOND_MS / 4, signal)
  }
  return undefined
}

function judge(
  check: string,
  ended: FunctionOfObject | undefined,
  tookMs: number,
  { key, invocation }: { readonly key: string; readonly invocation: string },
): Finding {
  const repair = `${invocation} why ${key}`
  if (!ended) return fail(check, `not ended after ${durationText(tookMs)}`, repair)
  const { run, result, explanation } = ended
  if (run?.status !== 'succeeded') return fail(check, `${run?.status ?? 'no run'}: ${explanation}`, repair)
  const files = result ? `, ${countText(result.files, 'file')} of ${formatBytes(result.bytes)}` : ''
  return ok(check, `from PUT to result in ${durationText(tookMs)}${files}; removed again`)
}

/** The tone that is uploaded by default. */
const RATE = 8_000
const PITCH_HZ = 440
const LOUDNESS = 3_000
const HEADER_BYTES = 44

/**
 * A quiet tone as a WAV file.
 *
 * @see http://soundfile.sapp.org/doc/WaveFormat/
 */
export function toneWav(seconds = 1): Buffer {
  const samples = Math.round(RATE * seconds)
  const wav = Buffer.alloc(HEADER_BYTES + samples * 2)
  wav.write('RIFF', 0)
  wav.writeUInt32LE(wav.length - 8, 4)
  wav.write('WAVEfmt ', 8)
  // 16 bytes of format: PCM, one channel, rate, bytes a second, bytes and bits a sample.
  wav.writeUInt32LE(16, 16)
  wav.writeUInt16LE(1, 20)
  wav.writeUInt16LE(1, 22)
  wav.writeUInt32LE(RATE, 24)
  wav.writeUInt32LE(RATE * 2, 28)
  wav.writeUInt16LE(2, 32)
  wav.writeUInt16LE(16, 34)
  wav.write('data', 36)
  wav.writeUInt32LE(samples * 2, 40)
  for (let index = 0; index < samples; index++)
    wav.writeInt16LE(
      Math.round(LOUDNESS * Math.sin((2 * Math.PI * PITCH_HZ * index) / RATE)),
      HEADER_BYTES + index * 2,
    )
  return wav
}
