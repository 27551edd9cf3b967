/** `sluice child <kind>`: one process of a runtime, as the supervisor starts it. Not for people. @module */
import { loadConfig } from '../../settings/config.ts'
import type { ChildKind } from '../../process/messages.ts'
import { runChild } from '../../process/run-child.ts'
import type { CliCommand } from '../command.ts'

export const child: CliCommand = (command, { env, signals }) => {
  command.argument('<kind>').action(async (kind: ChildKind) => {
    await runChild({ kind, config: loadConfig(env), signals })
  })
}
