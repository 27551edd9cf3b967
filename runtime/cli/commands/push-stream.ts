/** `sluice streams push`: a file, or the standard input, is sent to the receiver as a stream. @module */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Command } from 'commander'
import { formatBytes } from '../../amounts.ts'
import { bodyOf, receiverOf } from '../../api/client.ts'
import { NoAnswerError } from '../../api/exchange.ts'
import { sendStream } from '../../api/send-stream.ts'
import { UnreachableError } from '../../errors.ts'
import type { Summary } from '../../reception/connection.ts'
import { SECOND_MS } from '../../time.ts'
import { InterruptedError, UsageError, type CliContext } from '../command.ts'
import { durationText } from '../terminal/amounts.ts'
import { printable } from '../../printable.ts'
import { interruptible, progressLine } from '../terminal/progress.ts'
import { countsText } from '../terminal/streams.ts'
import { writeJson } from '../terminal/table.ts'
import { nameArgument } from './stream-name.ts'

interface PushOptions {
  readonly to?: string
  readonly json?: boolean
}

type PushAnswer = Partial<Summary> & { readonly session: string }

const REDRAW_MS = SECOND_MS / 4

export function addPush(command: Command, context: CliContext): void {
  command
    .command('push')
    .description(
      'send a file or the standard input as a stream: MPEG-TS, FLV, Matroska, WebM, fragmented MP4; SLUICE_TOKEN is the stream’s key, or an operator’s token',
    )
    .argument('<name>', 'the name that the stream gets', nameArgument)
    .argument('<file>', 'a file, or - for the standard input')
    .option(
      '--to <url>',
      'the receiver, such as http://127.0.0.1:8082 (default: SLUICE_API_URL, otherwise SLUICE_STREAMS_PORT on this machine)',
    )
    .option('--json', 'print the whole answer as one JSON document')
    .action(async (name: string, file: string, options: PushOptions) => {
      const sizeBytes = file === '-' ? undefined : await sizeOf(file)
      const { url, token } = receiverOf(context.env, options.to)
      const line = progressLine(context.err)
      const show = rateLimited((sentBytes: number) => line.show(progressText(sentBytes, sizeBytes)))
      let isStopped = false
      const answer = await interruptible(context, async (signal) => {
        signal.addEventListener('abort', () => (isStopped = true), { once: true })
        const body = file === '-' ? process.stdin : createReadStream(file)
        const target = `${url}/v1/streams/${name}`
        return sendStream({ url: target, token, body, sizeBytes, onSent: show, signal })
      })
        .catch((error: unknown) => {
          if (isStopped)
            throw new InterruptedError('stopped: the session waits for its sender, and ends if none comes')
          throw error instanceof NoAnswerError ? lost(url, error) : error
        })
        .finally(() => line.clear())
      const summary = bodyOf(url, answer) as PushAnswer
      if (options.json) writeJson(context.out, summary)
      else context.out.write(`${printable(`${name}: ${summaryText(summary)}`)}\n`)
    })
}

/** @throws {UsageError} when it is not a file that can be read from its beginning */
async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`"${path}" cannot be read: ${error.code ?? error.message}`)
  })
  if (!found.isFile())
    throw new UsageError(`"${path}" is not a file: to send what a program writes, give - and pipe it`)
  return found.size
}

function progressText(sentBytes: number, sizeBytes: number | undefined): string {
  if (!sizeBytes) return `${formatBytes(sentBytes)} sent …`
  return `${Math.floor((100 * sentBytes) / sizeBytes)} % of ${formatBytes(sizeBytes)} sent …`
}

function rateLimited(show: (sentBytes: number) => void): (sentBytes: number) => void {
  let shownAtMs = -Infinity
  return (sentBytes) => {
    if (performance.now() - shownAtMs < REDRAW_MS) return
    shownAtMs = performance.now()
    show(sentBytes)
  }
}

function summaryText({ session, pieces, seconds, sizeBytes, droppedSeconds = 0 }: PushAnswer): string {
  const counts =
    pieces === undefined || seconds === undefined || sizeBytes === undefined
      ? 'received'
      : countsText({ pieces, seconds, sizeBytes })
  const dropped =
    droppedSeconds > 0 ? `; ${durationText(droppedSeconds * 1_000)} was dropped` : '; nothing was dropped'
  return `session ${session}: ${counts}${dropped}`
}

function lost(url: string, cause: NoAnswerError): UnreachableError {
  return new UnreachableError(
    `the receiver at ${url} does not answer (${cause.code}): start a process with the role streams (\`npm start\` has one), or give its address with --to`,
    { cause },
  )
}
