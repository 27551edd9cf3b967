/** The features of a build of FFmpeg, by its own lists: for functions that do without a missing one, and for `sluice doctor`. @module */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { PermanentError } from '../../../runtime/index.ts'
import { GUARDED_ENVIRONMENT } from '../sandbox/sandbox.ts'
import { ffmpegBinaries } from './binaries.ts'

/** A machine under load may take long to start a program. */
const ANSWER_MS = 120_000

/** Lists that FFmpeg prints of itself, by its own option. */
const LISTINGS = ['encoders', 'decoders', 'demuxers', 'muxers', 'protocols', 'filters'] as const
export type Listing = (typeof LISTINGS)[number]
/** Its help on the segment muxer, and on all its own options. */
const HELP = ['muxer=segment', 'long'] as const
export type Help = (typeof HELP)[number]

export interface BuildTexts {
  readonly listings: Readonly<Record<Listing, string>>
  readonly help: Readonly<Record<Help, string>>
}

export async function buildTexts(path: string): Promise<BuildTexts> {
  const entries = async <T extends string>(names: readonly T[], ask: (name: T) => Promise<string>) =>
    Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await ask(name)] as const)),
    ) as Record<T, string>
  return {
    listings: await entries(LISTINGS, (name) => text(path, `-${name}`)),
    help: await entries(HELP, (name) => text(path, '-h', name)),
  }
}

async function text(path: string, ...words: readonly string[]): Promise<string> {
  const options = { timeout: ANSWER_MS, env: GUARDED_ENVIRONMENT, maxBuffer: 16 * 1024 ** 2 }
  return (await promisify(execFile)(path, ['-hide_banner', ...words], options)).stdout
}

/**
 * The names in a list.
 *
 * **Shape**: ` V....D h264                 H.264 / AVC`, ` D  mov,mp4,m4a,3gp,3g2,mj2 QuickTime / MOV`, and of protocols `  file`.
 */
export function namesIn(listing: string): ReadonlySet<string> {
  const names = listing
    .split('\n')
    .map((line) => /^\s*(?:[A-Z.]{1,6}\s+)?([a-z0-9_,]+)(?:\s|$)/.exec(line)?.[1] ?? '')
  return new Set(names.flatMap((name) => name.split(',')))
}

const found = new Map<string, Promise<ReadonlySet<string>>>()

/**
 * Those of `names` that this FFmpeg has not. Each list is read once in a process.
 *
 * @throws {ToolError} when there is no FFmpeg
 */
export async function missing(listing: Listing, names: readonly string[]): Promise<readonly string[]> {
  const { ffmpegPath } = await ffmpegBinaries()
  const key = `${listing} ${ffmpegPath}`
  const known = found.get(key) ?? text(ffmpegPath, `-${listing}`).then(namesIn)
  found.set(key, known)
  // A machine that is short of memory or processes for a moment does not show what it has.
  known.catch(() => found.delete(key))
  const has = await known
  return names.filter((name) => !has.has(name))
}

/**
 * Before anything is decoded: the lack would be found after hours otherwise.
 *
 * @param encoder - by FFmpeg's name
 * @param remedy - beside another FFmpeg, as the beginning of a clause
 * @throws {PermanentError} when this FFmpeg has it not
 */
export async function mustHaveEncoder(encoder: string, remedy = ''): Promise<void> {
  const [lack] = await missing('encoders', [encoder])
  if (lack === undefined) return
  const { version } = await ffmpegBinaries()
  throw new PermanentError(
    `this FFmpeg (${version}) has no encoder ${lack}: ${remedy}install an FFmpeg that has it (sluice doctor lists what is missing)`,
  )
}
