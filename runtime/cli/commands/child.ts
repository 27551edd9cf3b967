/** `sluice child <kind>`: one process of a runtime, as the supervisor starts it. Not for people. @module */
import { loadConfig } from '../../settings/config.ts'
import type { ChildKind } from '../../process/messages.ts'
import type { CliCommand } from '../command.ts'

export const child: CliCommand = (program, { env, signals }) => {
  program
    .command('child <kind>', { hidden: true })
    .description('one process of a runtime; started by the supervisor')
    .action(async (kind: ChildKind) => {
      const config = loadConfig(env)
      const { runChild } = await import('../../process/run-child.ts')
      await runChild({ kind, config, signals })
    })
}
