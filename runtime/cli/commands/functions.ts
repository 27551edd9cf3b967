/**
 * `sluice functions [name]`: how the functions are doing, or all about one; and the commands that steer one: `pause`, `resume`
 * and `concurrency`.
 * @module
 */
import { InvalidArgumentError, type Command } from 'commander'
import type { ApiClient } from '../../api/client.ts'
import type { FunctionView } from '../../api/functions/model.ts'
import { countText, durationText, timeText } from '../terminal/amounts.ts'
import { formatBytes } from '../../amounts.ts'
import { apiOf, withApi, type ApiOptions } from '../api-command.ts'
import { examples, type CliCommand } from '../command.ts'
import { printable } from '../../printable.ts'
import { createListing, writeFacts, writeJson, type Column } from '../terminal/table.ts'
import { toneOf, type Terminal } from '../terminal/terminal.ts'

const COLUMNS: readonly Column<FunctionView>[] = [
  { title: 'function', show: ({ name }) => name },
  { title: 'state', show: stateOf, tone: (view) => toneOf(stateOf(view)) },
  {
    title: 'waiting',
    show: ({ queue }) => String(queue.waiting + queue.backfill),
    plain: ({ queue }) => String(queue.waiting),
    isNumber: true,
  },
  { title: 'backfill', show: ({ queue }) => String(queue.backfill), isForPrograms: true },
  { title: 'running', show: ({ queue }) => String(queue.running), isNumber: true },
  {
    title: 'dead',
    show: ({ queue }) => String(queue.dead),
    isNumber: true,
    tone: ({ queue }) => (queue.dead > 0 ? 'bad' : undefined),
  },
  {
    title: 'workers',
    show: ({ workers }) => String(workers),
    isNumber: true,
    tone: ({ workers }) => (workers === 0 ? 'bad' : undefined),
  },
  { title: 'at a time', show: ({ concurrency }) => String(concurrency), isForPrograms: true },
  { title: 'bucket', show: ({ on }) => on.bucket, isForPrograms: true },
  {
    title: 'takes',
    show: ({ on, trigger }) =>
      `${trigger === 'asked' ? 'when asked: ' : ''}${on.bucket}/${on.match.join(' ') || 'every key'}`,
    plain: ({ on }) => on.match.join(' ') || 'every key',
    isFlexible: true,
  },
  { title: 'trigger', show: ({ trigger }) => trigger, isForPrograms: true },
]

export const functions: CliCommand = (command, context) => {
  withApi(command)
    .argument('[name]', 'the name of one function')
    .addHelpText('after', examples('functions', 'functions chunk'))
    .action(async (name: string | undefined, options: ApiOptions) => {
      const api = apiOf(context, options)
      const { out } = context
      if (name === undefined) {
        const { items } = await api.get<{ items: readonly FunctionView[] }>('/v1/functions')
        const listing = createListing(out, COLUMNS, options)
        listing.add(items)
        return listing.end()
      }
      const view = await api.get<FunctionView>(`/v1/functions/${encodeURIComponent(name)}`)
      return options.json ? writeJson(out, view) : writeFunction(out, view)
    })
}

interface Steering {
  readonly examples: readonly string[]
  readonly addArguments?: (command: Command) => void
  readonly send: (api: ApiClient, path: string, limit?: number | null) => Promise<FunctionView>
}

export const pause = steering({
  examples: ['pause chunk'],
  send: (api, path) => api.post(`${path}/pause`),
})

export const resume = steering({
  examples: ['resume chunk'],
  send: (api, path) => api.post(`${path}/resume`),
})

export const concurrency = steering({
  examples: ['concurrency chunk 4', 'concurrency chunk default'],
  addArguments: (command) =>
    command.argument('<n>', '1 to 1000, or `default` for the value in its definition', limitArgument),
  send: (api, path, limit) => api.patch(path, { concurrency: limit }),
})

/** A command that sends one request about one function, and shows the function as it then is. */
function steering({ examples: lines, addArguments, send }: Steering): CliCommand {
  return (command, context) => {
    withApi(command).argument('<function>', 'the name of the function')
    addArguments?.(command)
    command.addHelpText('after', examples(...lines)).action(async () => {
      const [name, limit] = command.processedArgs as [string, (number | null)?]
      const options: ApiOptions = command.opts()
      const path = `/v1/functions/${encodeURIComponent(name)}`
      const view = await send(apiOf(context, options), path, limit)
      if (options.json) writeJson(context.out, view)
      else context.out.write(`${functionText(view)}\n`)
    })
  }
}

function limitArgument(text: string): number | null {
  if (text === 'default') return null
  if (!/^[1-9]\d{0,3}$/.test(text) || Number(text) > 1_000)
    throw new InvalidArgumentError('write a whole number from 1 to 1000, or `default`.')
  return Number(text)
}

/** Such as `chunk is paused; 3 waiting, 1 running; 2 attempts at a time in each worker process`. */
function functionText(view: FunctionView): string {
  const { queue, concurrency } = view
  return printable(
    `${view.name} is ${stateOf(view)}; ${queue.waiting + queue.backfill} waiting, ${queue.running} running; ${countText(concurrency, 'attempt')} at a time in each worker process`,
  )
}

function stateOf({ isPaused }: FunctionView): string {
  return isPaused ? 'paused' : 'active'
}

function writeFunction(out: Terminal, view: FunctionView): void {
  const { on, queue, retry } = view
  writeFacts(out, [
    ['function', `${view.name}, version ${view.version}`],
    ['state', view.pausedAt ? `paused since ${timeText(view.pausedAt)}` : stateOf(view)],
    ['takes', `${on.match.join(' ') || 'every key'} in ${on.bucket}`],
    ['but not', on.ignore.join(' ')],
    ['runs', runsText(view)],
    ['presets', presetsText(view)],
    ['events', on.events.join(', ')],
    ['sizes', `${formatBytes(on.minBytes)} to ${on.maxBytes === null ? 'any' : formatBytes(on.maxBytes)}`],
    ['writes to', view.outputBucket],
    ['since', view.watermark ? timeText(view.watermark) : 'never set up: run `sluice setup`'],
    [
      'retries',
      `${countText(retry.attempts, 'attempt')}, waits from ${durationText(retry.firstMs)} to ${durationText(retry.maxMs)}`,
    ],
    [
      'limits',
      `${durationText(view.timeoutMs)} in all, ${durationText(view.stallTimeoutMs)} without progress`,
    ],
    [
      'at a time',
      view.concurrency === view.definedConcurrency
        ? String(view.concurrency)
        : `${view.concurrency} (as defined: ${view.definedConcurrency})`,
    ],
    ['workers', String(view.workers)],
    [
      'queue',
      `${queue.waiting} waiting, ${queue.backfill} backfill, ${queue.running} running, ${queue.dead} dead`,
    ],
    ['on delete', `results: ${view.onDelete}; the source after success: ${view.afterSuccess}`],
  ])
  const options = optionsOf(view)
  if (options.length === 0) return
  out.write('\n')
  const listing = createListing(out, OPTION_COLUMNS)
  listing.add(options)
  listing.end()
}

function runsText({ name, trigger, askedOn }: FunctionView): string {
  if (trigger === 'always') return ''
  const ask = `only when asked: --attr make=${name}, or sluice reprocess --function ${name}`
  return askedOn.length === 0 ? ask : `${ask}; the settings ask for ${askedOn.join(' ')}`
}

/** Such as `mobile (renditions="480,240" seconds=4)`. */
function presetsText({ presets }: FunctionView): string {
  return Object.entries(presets)
    .map(([preset, set]) => {
      const options = Object.entries(set).map(([option, value]) => `${option}=${JSON.stringify(value)}`)
      return `${preset} (${options.join(' ') || 'the defaults'})`
    })
    .join(', ')
}

interface OptionRow {
  readonly name: string
  readonly valid: string
  readonly default: string
  readonly set: string
}

const OPTION_COLUMNS: readonly Column<OptionRow>[] = [
  { title: 'option', show: ({ name }) => name },
  { title: 'default', show: (row) => row.default },
  { title: 'set here', show: ({ set }) => set },
  { title: 'valid', show: ({ valid }) => valid, isFlexible: true },
]

/** From JSON Schema, as far as it uses the usual keywords. */
function optionsOf({ optionsSchema, settings }: FunctionView): readonly OptionRow[] {
  const properties = (optionsSchema['properties'] ?? {}) as Record<string, Record<string, unknown>>
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    // `x-default` is the value of an absent option, where that depends on others.
    default: JSON.stringify(schema['default'] ?? schema['x-default']) ?? '',
    set: settings[name] === undefined ? '' : JSON.stringify(settings[name]),
    valid: validText(schema),
  }))
}

function validText(schema: Readonly<Record<string, unknown>>): string {
  const { type, minimum, maximum, description, enum: values, pattern, anyOf } = schema
  const said = [
    Array.isArray(values) ? values.map((value) => JSON.stringify(value)).join(', ') : type,
    Array.isArray(anyOf) && anyOf.map((one: Readonly<Record<string, unknown>>) => validText(one)).join(', '),
    minimum !== undefined && `from ${JSON.stringify(minimum)}`,
    maximum !== undefined && `to ${JSON.stringify(maximum)}`,
    pattern !== undefined && `like ${JSON.stringify(pattern)}`,
  ].filter((part) => typeof part === 'string')
  if (typeof description === 'string') said.push(said.length === 0 ? description : `(${description})`)
  return said.join(' ')
}
