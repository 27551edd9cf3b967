/** `sluice streams pull`: a stream is received from an address, until it is stopped. @module */
import { Option, type Command } from 'commander'
import type { PullRequest, StreamView } from '../../api/streams/model.ts'
import { JOINS, ON_FULL } from '../../settings/streams.ts'
import { apiOf, withApi, type ApiOptions } from '../api-command.ts'
import { countArgument } from '../arguments.ts'
import type { CliContext } from '../command.ts'
import { printable } from '../../printable.ts'
import { writeJson } from '../terminal/table.ts'
import { nameArgument } from './stream-name.ts'

type Asked = Omit<PullRequest, 'name' | 'url'>

export function addPull(command: Command, context: CliContext): void {
  withApi(command.command('pull').description('receive a stream from an address, until it is stopped'))
    .argument('<name>', 'the name that the stream gets', nameArgument)
    .argument('<url>', 'rtsp, rtmp, srt, http or https, also an HLS playlist')
    .option('--seconds <n>', 'the length of its pieces (default: SLUICE_STREAMS_SECONDS)', countArgument)
    .option('--max-duration <duration>', 'the longest session, such as 12h (default: SLUICE_STREAMS_SESSION)')
    .option(
      '--reconnect <duration>',
      'how long its session waits for the source (default: SLUICE_STREAMS_RECONNECT)',
    )
    .addOption(
      new Option(
        '--on-full <way>',
        'when the disk of the receiver is full, give up the oldest pieces (as without this option), or do not read from the source',
      ).choices(ON_FULL),
    )
    .addOption(
      new Option(
        '--join <format>',
        'the file that each session becomes at its end (default: SLUICE_STREAMS_JOIN)',
      ).choices(JOINS),
    )
    .action(async (name: string, url: string, { api, json, ...asked }: ApiOptions & Asked) => {
      const client = apiOf(context, api === undefined ? {} : { api })
      const view = await client.post<StreamView>('/v1/streams', { name, url, ...asked })
      if (json) return writeJson(context.out, view)
      const from = view.wanted?.url ?? ''
      context.out.write(
        `${printable(`${name} is pulled from ${from}; how it is doing: ${context.invocation} streams show ${name}`)}\n`,
      )
    })
}
