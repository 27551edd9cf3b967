/**
 * The one place that starts FFmpeg and ffprobe. Arguments come from `arguments.ts`; the caller interprets
 * failures: a run that ended is a value, whatever its exit code.
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { PermanentError, tellToolLine } from '../../../runtime/index.ts'
import { MAX_MEDIA_SECONDS, TOO_LONG } from '../allowed.ts'
import { ffmpegBinaries } from '../build/binaries.ts'
import { listenToComplaints, type Complaints } from './complaints.ts'
import { fenceFor, handOver, MAX_PROCESSES, GUARDED_ENVIRONMENT } from '../sandbox/sandbox.ts'
import { DEFAULT_LIMITS, guardedCommand, type Limits } from '../sandbox/ulimits.ts'
import { readLines } from './read-lines.ts'
import { mediaBudget, needsOf } from '../sandbox/media-budget.ts'
import {
  ffmpegDuration,
  ffmpegRuns,
  mediaSecondsProcessed,
  type RunOutcome,
  type RunProfile,
} from './metrics.ts'
import { createGuard } from './guard.ts'
import { readOutputs, type OutputReader } from './outputs.ts'
import { trackGroup } from './process-groups.ts'
import { countUsage } from './process-usage.ts'
import { createProgressParser, type FfmpegProgress } from './progress.ts'
import { ToolError, type FfmpegResult } from '../words/result.ts'

export interface FfmpegOptions {
  readonly tool: 'ffmpeg' | 'ffprobe'
  readonly profile: RunProfile
  readonly arguments: readonly string[]
  /** Of a picture of each input, for the memory that its decoder may take. @defaultValue 0, as for sound */
  readonly sourcePixels?: number
  /** The working folder: file names in the arguments are relative to it, so that no message shows a path. */
  readonly cwd: string
  /** Kills the process group; then {@link FfmpegRun.ended} rejects with the signal's reason. */
  readonly signal: AbortSignal
  /** Over {@link DEFAULT_LIMITS}. */
  readonly limits?: Partial<Limits>
  /** Written to standard input, as fast as it is read; its error ends the process, and {@link FfmpegRun.ended} rejects with it. */
  readonly stdin?: AsyncIterable<Buffer>
  /** A line of standard output. An exception from it ends the process, and {@link FfmpegRun.ended} rejects with it. */
  readonly onLine?: (line: string) => void
  /** A line of standard error; an exception does the same. */
  readonly onErrorLine?: (line: string) => void
  /** Of `pipe:4`, `pipe:5` and so on. An exception or a rejection ends the process, and {@link FfmpegRun.ended} rejects with it. */
  readonly outputs?: readonly OutputReader[]
  /** From `-progress pipe:3`. */
  readonly onProgress?: (progress: FfmpegProgress) => void
}

export interface FfmpegRun {
  /** Pauses the whole group; nothing is written until {@link resume}. */
  pause(): void
  resume(): void
  /** Ends it at once. FFmpeg keeps running for a minute after SIGTERM, so there is no other way. */
  kill(): void
  /**
   * Settles when the process is gone, every line has been passed on, and every output has been taken.
   *
   * @throws {ToolError} when it could not be started
   */
  readonly ended: Promise<FfmpegResult>
}

/**
 * Starts when it is its turn (`budget.ts`).
 *
 * @throws {ToolError} when there is no FFmpeg
 */
export async function startFfmpeg(options: FfmpegOptions): Promise<FfmpegRun> {
  const { profile, signal } = options
  // Descriptions are read at once: they are short, and a run that has its place may need one.
  if (profile === 'probe') return start(options)
  const leave = await mediaBudget().enter(needsOf(profile, options.arguments, options), {
    signal,
    onWaiting: () => options.onProgress?.({}),
  })
  try {
    const run = await start(options)
    run.ended.then(leave, leave)
    return run
  } catch (error) {
    leave()
    throw error
  }
}

async function start(options: FfmpegOptions): Promise<FfmpegRun> {
  const binaries = await ffmpegBinaries()
  const path = options.tool === 'ffmpeg' ? binaries.ffmpegPath : binaries.ffprobePath
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  // A run that reads through the range proxy needs our loopback.
  const isOffline = !options.arguments.some(isUrl)
  const fence = await fenceFor(path, { isOffline })
  const [command, ...prefix] = guardedCommand(path, limits, {
    fence,
    parentPid: process.pid,
    maxProcesses: MAX_PROCESSES,
  })
  await handOver(options.cwd, fence).catch((cause: unknown) => {
    throw unstartable(options.tool, cause)
  })
  options.signal.throwIfAborted()
  const child = spawn(command, [...prefix, ...options.arguments], {
    cwd: options.cwd,
    env: GUARDED_ENVIRONMENT,
    detached: true,
    stdio: [
      options.stdin ? 'pipe' : 'ignore',
      ...(['pipe', 'pipe', 'pipe'] as const),
      ...(options.outputs ?? []).map(() => 'pipe' as const),
    ],
  })
  return follow(child, options, limits)
}

/** Runs to the end: {@link startFfmpeg} for callers that need not pause it. */
export async function runFfmpeg(options: FfmpegOptions): Promise<FfmpegResult> {
  return (await startFfmpeg(options)).ended
}

function follow(child: ChildProcess, options: FfmpegOptions, { memoryBytes }: Limits): FfmpegRun {
  const { pid } = child
  const startedAtMs = performance.now()
  let mediaSeconds: number | undefined
  let failure: { readonly error: unknown } | undefined

  const send = trackGroup(child)
  const kill = () => send('SIGKILL')
  const fail = (error: unknown) => {
    failure ??= { error }
    outputs.drop()
    kill()
  }
  const guarded = createGuard(fail)
  const outputs = readOutputs(child, options.outputs ?? [], fail)
  const abort = () => {
    outputs.drop()
    kill()
  }
  const { stdin } = options
  if (stdin && child.stdin)
    pipeline(stdin, child.stdin).catch((error: unknown) => {
      // The process ended before it had read all, and says itself why.
      if (isClosedPipe(error)) return
      guarded(() => {
        throw error
      })
    })
  const parseProgress = createProgressParser()
  readLines(child.stdout, (line) => guarded(() => options.onLine?.(line)))
  readLines(child.stdio[3] as Readable, (line) =>
    guarded(() => {
      const progress = parseProgress(line)
      if (!progress) return
      mediaSeconds = progress.mediaSeconds ?? mediaSeconds
      if (mediaSeconds !== undefined && mediaSeconds > MAX_MEDIA_SECONDS) {
        throw new PermanentError(`the file is not accepted: ${TOO_LONG}`)
      }
      options.onProgress?.(progress)
    }),
  )
  const complaints = listenToComplaints(child, {
    memoryBytes,
    readsUrl: options.arguments.some(isUrl),
    kill,
    onLine(line) {
      tellToolLine(options.signal, line)
      if (options.onErrorLine) guarded(() => options.onErrorLine?.(line))
    },
  })

  countUsage(child, options.profile)
  options.signal.addEventListener('abort', abort, { once: true })

  const ended = new Promise<FfmpegResult>((resolve, reject) => {
    const settle = (outcome: RunOutcome, act: () => void) => {
      options.signal.removeEventListener('abort', abort)
      ffmpegRuns.inc({ profile: options.profile, outcome })
      ffmpegDuration.observe({ profile: options.profile }, (performance.now() - startedAtMs) / 1_000)
      mediaSecondsProcessed.inc({ profile: options.profile }, mediaSeconds ?? 0)
      act()
    }
    child.once('error', (cause) => {
      settle('unstartable', () => reject(unstartable(options.tool, cause)))
    })
    const conclude = (code: number | null, signal: NodeJS.Signals | null) => {
      if (pid === undefined) return
      if (options.signal.aborted) return settle('aborted', () => reject(toError(options.signal.reason)))
      if (failure) return settle('aborted', () => reject(toError(failure?.error)))
      if (isChainFailure(code, complaints)) {
        return settle('unstartable', () => reject(unstartable(options.tool, complaints.lastLines(1)[0])))
      }
      const counts = complaints.counts()
      const result = {
        tool: options.tool,
        ...(code !== null && { exitCode: code }),
        ...(signal !== null && { signal }),
        lastLines: complaints.lastLines(),
        notableLines: complaints.notableLines(),
        ...(complaints.stoodStill && { stoodStill: true }),
        ...(mediaSeconds !== undefined && { mediaSeconds }),
        ...(counts !== undefined && { counts }),
        backSteps: complaints.backSteps(),
      }
      return settle(code === 0 ? 'succeeded' : 'failed', () => resolve(result))
    }
    child.once('close', (code, signal) => void outputs.taken.then(() => conclude(code, signal)))
  })
  // A caller that paused or killed it may await it later.
  ended.catch(() => {})
  return { pause: () => send('SIGSTOP'), resume: () => send('SIGCONT'), kill, ended }
}

function isUrl(word: string): boolean {
  return /^(subfile,[^:]*:)?http:\/\//.test(word)
}

function isClosedPipe(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'EPIPE' || code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE'
}

/** `unshare`, `setpriv`, the shell and `nice` say so themselves when they cannot start the next program. */
function isChainFailure(code: number | null, complaints: Complaints): boolean {
  return (
    (code === 126 || code === 127) &&
    /^(unshare|setpriv|nice|\S*\bsh): /.test(complaints.lastLines(1)[0] ?? '')
  )
}

function unstartable(tool: 'ffmpeg' | 'ffprobe', cause: unknown): ToolError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new ToolError(`${tool} could not be started: ${reason}`, { tool, cause })
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}
