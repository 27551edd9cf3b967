/** `sluice streams`: what is received now, and the commands about one stream: show, stop, pull, push, key. @module */
import { InvalidArgumentError, type Command } from 'commander'
import type {
  CreatedStreamKey,
  StoppedStream,
  StreamDetail,
  StreamKeyView,
  StreamView,
} from '../../api/streams/model.ts'
import { isKeyLifetime, KEY_LIFETIMES } from '../../queue/stream-records.ts'
import { apiOf, withApi, type ApiOptions } from '../api-command.ts'
import { examples, type CliCommand, type CliContext } from '../command.ts'
import { timeText } from '../terminal/amounts.ts'
import { printable } from '../../printable.ts'
import { KEY_COLUMNS, STREAM_COLUMNS, writeStream } from '../terminal/streams.ts'
import { createListing, writeFacts, writeJson } from '../terminal/table.ts'
import { addPull } from './pull-stream.ts'
import { addPush } from './push-stream.ts'
import { keyNameArgument, nameArgument } from './stream-name.ts'

export const streams: CliCommand = (command, context) => {
  withApi(command)
    .enablePositionalOptions()
    .addHelpText(
      'after',
      examples('streams', 'streams show cam1', 'streams key create cam1 --expires-in 12h'),
    )
    .action(async (options: ApiOptions) => {
      const { items } = await apiOf(context, options).get<{ items: readonly StreamView[] }>('/v1/streams')
      const listing = createListing(context.out, STREAM_COLUMNS, options)
      listing.add(items)
      listing.end()
      if (items.length === 0 && context.err.isTerminal && !options.json)
        context.err.write('no stream is live, wanted or ended in the last seven days\n')
    })
  addShow(command, context)
  addStop(command, context)
  addPull(command, context)
  addPush(command, context)
  addKeys(command.command('key').description('create, list and revoke the keys of senders'), context)
}

function addShow(command: Command, context: CliContext): void {
  withApi(command.command('show').description('show a stream, its connections, and what is missing of it'))
    .argument('<name>', 'the name of the stream', nameArgument)
    .action(async (name: string, options: ApiOptions) => {
      const api = apiOf(context, options)
      const view = await api.get<StreamDetail>(`/v1/streams/${name}`)
      return options.json ? writeJson(context.out, view) : writeStream(context.out, view, api.url)
    })
}

function addStop(command: Command, context: CliContext): void {
  withApi(command.command('stop').description('end the session of a stream, and its pull'))
    .argument('<name>', 'the name of the stream', nameArgument)
    .option('--keep-pull', 'only end the session: a pull continues with a new one')
    .action(async (name: string, { keepPull, ...options }: ApiOptions & { keepPull?: boolean }) => {
      const query = keepPull ? { keep: 'wanted' } : {}
      const view = await apiOf(context, options).remove<StoppedStream>(`/v1/streams/${name}`, query)
      if (options.json) return writeJson(context.out, view)
      const session = view.isStopping
        ? `session ${view.session} ends within two seconds`
        : 'no session was live'
      const ended = view.hasEndedPull ? '; its pull was ended' : ''
      const pulled = view.wanted ? `; it is still pulled from ${view.wanted.url}` : ended
      context.out.write(`${printable(`${name}: ${session}${pulled}`)}\n`)
    })
}

function addKeys(command: Command, context: CliContext): void {
  withApi(command.command('create').description('create a key; its secret is printed once'))
    .argument('<name>', 'the name of the stream, or "*" for every stream', keyNameArgument)
    .option(
      '--expires-in <duration>',
      'for how long it is good, such as 12h or 30d (default: until revoked)',
      lifetimeArgument,
    )
    .action(async (name: string, { expiresIn, ...options }: ApiOptions & { expiresIn?: string }) => {
      const body = expiresIn === undefined ? {} : { expiresIn }
      const key = await apiOf(context, options).post<CreatedStreamKey>(keysPath(name), body)
      if (options.json) return writeJson(context.out, key)
      writeFacts(context.out, [
        ['key', key.id],
        ['stream', key.name === '*' ? 'every stream' : key.name],
        ['expires', key.expiresAt === undefined ? 'never' : timeText(key.expiresAt)],
        ['secret', key.secret],
      ])
      if (context.err.isTerminal) context.err.write('The secret cannot be shown again.\n')
    })

  withApi(command.command('list').description('list the keys of a stream, without their secrets'))
    .argument('<name>', 'the name of the stream, or "*"', keyNameArgument)
    .action(async (name: string, options: ApiOptions) => {
      const { items } = await apiOf(context, options).get<{ items: readonly StreamKeyView[] }>(keysPath(name))
      const listing = createListing(context.out, KEY_COLUMNS, options)
      listing.add(items)
      listing.end()
    })

  withApi(
    command.command('revoke').description('revoke a key; a sender that uses it is cut within two seconds'),
  )
    .argument('<name>', 'the name of the stream, or "*"', keyNameArgument)
    .argument('<key>', 'the id of the key, as `streams key list` shows it')
    .action(async (name: string, id: string, options: ApiOptions) => {
      const path = `${keysPath(name)}/${encodeURIComponent(id)}`
      const key = await apiOf(context, options).remove<StreamKeyView>(path)
      if (options.json) writeJson(context.out, key)
      else context.out.write(`key ${printable(key.id)} is revoked\n`)
    })
}

function keysPath(name: string): string {
  return `/v1/streams/${name}/keys`
}

function lifetimeArgument(text: string): string {
  if (isKeyLifetime(text)) return text
  throw new InvalidArgumentError(`write a duration of ${KEY_LIFETIMES}.`)
}
