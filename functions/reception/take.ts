/** One FFmpeg from the first byte of a connection to its last. @module */
import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { ClosedPiece, PieceFormat, Take, TakeEnd, TakeOptions } from '../../runtime/index.ts'
import { ffmpegBinaries } from '../ffmpeg/build/binaries.ts'
import { ffmpegRuns, mediaSecondsProcessed } from '../ffmpeg/run/metrics.ts'
import { createGuard } from '../ffmpeg/run/guard.ts'
import { trackGroup } from '../ffmpeg/run/process-groups.ts'
import { countUsage } from '../ffmpeg/run/process-usage.ts'
import { createProgressParser } from '../ffmpeg/run/progress.ts'
import { readLines } from '../ffmpeg/run/read-lines.ts'
import { fenceFor, GUARDED_ENVIRONMENT, handOver, MAX_PROCESSES } from '../ffmpeg/sandbox/sandbox.ts'
import { DEFAULT_LIMITS, guardedCommand, type Limits } from '../ffmpeg/sandbox/ulimits.ts'
import { createLastLines } from '../ffmpeg/words/kept-lines.ts'
import { createToolLines } from '../ffmpeg/words/lines.ts'
import { ToolError } from '../ffmpeg/words/result.ts'
import { reasonOf } from './failure.ts'
import { misfitOf } from './piece-format.ts'
import { secretsOf, withoutSecrets } from './secrets.ts'
import { takeArguments } from './take-arguments.ts'
import { inputOf } from './take-input.ts'
import {
  createCodecReader,
  isOutOfRoom,
  isRepetition,
  isUnreadable,
  pieceOf,
  senderKeyOf,
} from './take-lines.ts'

/** A take may last for months. A piece that grows beyond this, since its sender gives no keyframe or a broken clock, ends it. */
const LIMITS: Limits = {
  ...DEFAULT_LIMITS,
  // Measured: 0.3 GB, most of it never used.
  memoryBytes: 2 * 1024 ** 3,
  cpuSeconds: Infinity,
  fileBytes: 256 * 1024 ** 2,
}
const PIECE_TOO_LARGE =
  'a piece has grown to 256 MiB: the sender gives no keyframe, or its clock was set back'
const LAST_LINES = 20
/** FFmpeg prints the whole list of codecs that are accepted with each one that is not. */
const LINE_CHARACTERS = 300
const TITLES: Readonly<Record<PieceFormat, string>> = { mpegts: 'MPEG-TS', fmp4: 'fragmented MP4' }

/**
 * Starts at once: a sender waits for no place in the line of other media work.
 *
 * @throws {ToolError} when there is no FFmpeg, or it could not be started
 */
export async function startTake(options: TakeOptions): Promise<Take> {
  const { folder, format, pieceSeconds } = options
  const input = inputOf(options.input)
  const { ffmpegPath, hasFpsMode: isRecent } = await ffmpegBinaries()
  const fence = await fenceFor(ffmpegPath, { isOffline: input.isOffline })
  const guard = { fence, parentPid: process.pid, maxProcesses: MAX_PROCESSES, niceness: 0 }
  const [command, ...prefix] = guardedCommand(ffmpegPath, LIMITS, guard)
  await handOver(folder, fence)
  const child = spawn(command, [...prefix, ...takeArguments({ input, format, pieceSeconds, isRecent })], {
    cwd: folder,
    env: GUARDED_ENVIRONMENT,
    detached: true,
    stdio: [options.input.door === 'http' ? 'pipe' : 'ignore', 'pipe', 'pipe', 'pipe'],
  })
  const take = follow(child, options)
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (cause) =>
      reject(new ToolError(`ffmpeg could not be started: ${cause.message}`, { tool: 'ffmpeg', cause })),
    )
  })
  return take
}

function follow(child: ChildProcess, options: TakeOptions): Take {
  const send = trackGroup(child)
  let isEndedByUs = false
  const kill = () => {
    isEndedByUs = true
    send('SIGKILL')
  }
  const said = createLastLines()
  const guarded = createGuard((error) => {
    said.add(`reception failed: ${error instanceof Error ? error.message : String(error)}\n`)
    kill()
  })
  const gate = createGate(options)
  /** Pieces that came before their codecs were known: the two travel through different pipes. */
  let held: ClosedPiece[] | undefined = []
  const release = () => {
    const pieces = held ?? []
    held = undefined
    for (const piece of pieces) options.onPiece(piece)
  }
  const secrets = secretsOf(options.input)
  readLines(child.stdout, (line) =>
    guarded(() => {
      const piece = pieceOf(line)
      if (!piece) return
      gate.mustBeOpen()
      if (held) held.push(piece)
      else options.onPiece(piece)
    }),
  )
  const complaints = createToolLines((line) =>
    said.add(`${withoutSecrets(line, secrets).slice(0, LINE_CHARACTERS)}\n`),
  )
  let stoppedReading = false
  let isDiskFull = false
  const codecsIn = createCodecReader()
  let otherFormat: PieceFormat | undefined
  readLines(child.stderr, (line) =>
    guarded(() => {
      if (gate.isKeyLine(line)) return
      stoppedReading ||= options.input.door === 'http' && isUnreadable(line)
      isDiskFull ||= isOutOfRoom(line)
      complaints.add(`${line}\n`)
      const { codec, isComplete } = codecsIn(line)
      if (isComplete && held) release()
      const misfit = codec === undefined ? undefined : misfitOf(codec, options.format)
      if (!misfit) return
      // FFmpeg would continue, and nobody could read its pieces.
      otherFormat = misfit.kind === 'fits' ? misfit.format : undefined
      throw new Error(`the codec ${codec} cannot be cut into ${TITLES[options.format]}`)
    }),
  )
  let mediaSeconds = 0
  const parseProgress = createProgressParser()
  readLines(child.stdio[3] as Readable, (line) =>
    guarded(() => {
      const now = parseProgress(line)?.mediaSeconds
      if (now === undefined) return
      mediaSecondsProcessed.inc({ profile: 'receive' }, Math.max(0, now - mediaSeconds))
      mediaSeconds = Math.max(mediaSeconds, now)
      options.onProgress?.(now)
    }),
  )
  countUsage(child, 'receive')
  // A sender's last bytes may find FFmpeg gone, which `ended` tells; without a listener that would end this process.
  child.stdin?.on('error', () => {})
  const ended = new Promise<TakeEnd>((resolve) => {
    child.once('close', (code, signal) => {
      guarded(release)
      const outcome = signal === 'SIGKILL' ? 'aborted' : code === 0 ? 'succeeded' : 'failed'
      ffmpegRuns.inc({ profile: 'receive', outcome })
      if (signal === 'SIGXFSZ') said.add(`${PIECE_TOO_LARGE}\n`)
      const wasLost = signal !== null && signal !== 'SIGXFSZ' && !isEndedByUs
      const lastLines = said.lines(LAST_LINES)
      const reason = reasonOf(lastLines)
      resolve({
        code,
        signal,
        wasLost,
        stoppedReading,
        isDiskFull,
        lastLines,
        ...(reason !== undefined && { reason }),
        ...(otherFormat && { otherFormat }),
      })
    })
  })
  return {
    pid: child.pid ?? 0,
    stdin: child.stdin ?? undefined,
    pause: () => send('SIGSTOP'),
    resume: () => send('SIGCONT'),
    kill,
    ended,
  }
}

/** Of an RTMP sender nothing is passed on before its stream key is: a build with other words for it is closed to all. */
function createGate(options: TakeOptions) {
  const { input } = options
  let isOpen = input.door !== 'rtmp'
  return {
    isKeyLine(line: string): boolean {
      if (input.door !== 'rtmp') return false
      const key = senderKeyOf(line, input.nonce)
      if (key === undefined) return isRepetition(line)
      if (!isOpen) options.onSenderKey?.(key)
      isOpen = true
      return true
    },
    mustBeOpen(): void {
      if (!isOpen) throw new Error('FFmpeg did not say which stream key the sender gave')
    },
  }
}
