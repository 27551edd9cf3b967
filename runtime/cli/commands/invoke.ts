/** `sluice invoke <function> <file>`: one attempt on a file of this machine, without servers. @module */
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { formatBytes } from '../../amounts.ts'
import { mismatchInWords } from '../../api/objects/mismatch.ts'
import { runLocally, type LocalRun } from '../../desk/local-run.ts'
import { messageOf } from '../../errors.ts'
import type { FunctionDefinition, Progress } from '../../function/definition.ts'
import { loadFunctions } from '../../function/list.ts'
import { nearestOf } from '../../function/near-miss.ts'
import { printable } from '../../printable.ts'
import { loadConfig } from '../../settings/config.ts'
import { createLogger } from '../../telemetry/logger.ts'
import { collectAssignment } from '../arguments.ts'
import {
  BadNewsError,
  examples,
  InterruptedError,
  UsageError,
  type CliCommand,
  type CliContext,
} from '../command.ts'
import { countText, durationText } from '../terminal/amounts.ts'
import { interruptible, progressLine } from '../terminal/progress.ts'
import { writeFacts, writeJson } from '../terminal/table.ts'

interface InvokeOptions {
  readonly key?: string
  readonly option?: Readonly<Record<string, string>>
  readonly attr?: Readonly<Record<string, string>>
  readonly out: string
  readonly ranges?: boolean
  readonly json?: boolean
}

export const invoke: CliCommand = (command, context) => {
  command
    .argument('<function>', 'its name')
    .argument('<file>', 'the source')
    .option('--key <key>', 'the key that the function sees (default: the name of the file)')
    .option('--option <name=value>', 'an option, as in a request; repeatable', collectAssignment)
    .option('--attr <name=value>', 'metadata, as an uploader gives it; repeatable', collectAssignment)
    .option('--out <folder>', 'the folder of the results, as <bucket>/<key>', 'sluice-out')
    .option('--ranges', 'tools read the file in ranges, as they read sources over 64 MiB')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      examples('invoke chunk holiday.mp4', 'invoke hls film.mkv --option renditions=720p,360p'),
    )
    .action(async (name: string, file: string, options: InvokeOptions) => {
      const { env, out } = context
      const config = loadConfig(env)
      const definition = namedOf((await loadFunctions(config)).functions, name)
      await mustBeFile(file)
      const line = progressLine(context.err)
      const ended = await interruptible(context, (signal) =>
        runLocally(definition, {
          file,
          key: options.key,
          options: options.option,
          metadata: options.attr,
          settings: config.functionOptions,
          out: options.out,
          isInRanges: options.ranges,
          signal,
          log: createLogger({ level: 'warn', format: 'text' }),
          onProgress: (progress) => line.show(progressText(progress)),
        }),
      ).finally(() => line.clear())
      if (options.json) writeJson(out, jsonOf(ended, options.out))
      else report(ended, definition, context)
      if (ended.outcome.kind === 'succeeded') return
      const text = failureText(ended, name)
      throw ended.outcome.kind === 'cancelled' ? new InterruptedError(text) : new BadNewsError(text)
    })
}

/** @throws {UsageError} when there is no such function */
function namedOf(functions: readonly FunctionDefinition[], name: string): FunctionDefinition {
  const found = functions.find((each) => each.name === name)
  if (found) return found
  const names = functions.map((each) => each.name)
  const near = nearestOf(name, names)
  throw new UsageError(
    `there is no function "${name}"${near === undefined ? '' : `; did you mean "${near}"?`} Functions are ${names.join(', ')}`,
  )
}

/** @throws {UsageError} */
async function mustBeFile(path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    throw new UsageError(`${path} cannot be read: ${messageOf(error)}`)
  })
  if (!found.isFile()) throw new UsageError(`${path} is not a file`)
}

function progressText({ percent, speed, secondsLeft }: Progress): string {
  return [
    percent === undefined ? 'running …' : `${percent.toFixed(0)} %`,
    speed === undefined ? undefined : `${speed.toFixed(1)} x`,
    secondsLeft === undefined ? undefined : `${durationText(secondsLeft * 1_000)} left`,
  ]
    .filter((part) => part !== undefined)
    .join(', ')
}

/** Results on `out`, for a person or a program; all else on `err`. */
function report(
  { outcome, manifest, pathOf, seconds, mismatch }: LocalRun,
  definition: FunctionDefinition,
  { out, err }: CliContext,
): void {
  if (mismatch !== undefined) {
    const { told } = mismatchInWords(mismatch, definition, undefined)
    err.write(`note: an upload with this key would not start ${definition.name}: ${told}\n`)
  }
  if (!manifest) {
    for (const text of 'lines' in outcome ? outcome.lines : []) err.write(`  ${printable(text)}\n`)
    return
  }
  err.write(
    `${definition.name}: ${countText(manifest.files.length, 'file')} in ${durationText(seconds * 1_000)}\n`,
  )
  for (const warning of manifest.warnings) err.write(`warning: ${printable(warning)}\n`)
  writeFacts(
    out,
    manifest.files.map(({ key, bytes }) => [pathOf(key), formatBytes(bytes)]),
  )
}

/** The end of a run without a result, as a sentence. */
function failureText({ outcome, seconds }: LocalRun, name: string): string {
  const after = `after ${durationText(seconds * 1_000)}`
  if ('reason' in outcome) return `${name} was ended ${after} (${outcome.kind}): ${outcome.reason}`
  const error = 'error' in outcome ? outcome.error : ''
  return outcome.kind === 'retry'
    ? `${name} failed ${after}, and a worker would try again: ${error}`
    : `${name} gave up ${after}: ${error}`
}

function jsonOf({ outcome, manifest, pathOf, seconds, mismatch }: LocalRun, folder: string) {
  const files = manifest?.files.map((file) => ({ path: pathOf(file.key), ...file }))
  return {
    outcome,
    mismatch,
    seconds,
    folder: resolve(folder),
    ...(manifest && { manifest: { ...manifest, files } }),
  }
}
