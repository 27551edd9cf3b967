/** `sluice start`: the runtime of this machine. @module */
import { examples, type CliCommand } from '../command.ts'

export const start: CliCommand = (program, context) => {
  program
    .command('start')
    .description('run what SLUICE_ROLES names (default: API, intake and workers) until SIGTERM or Ctrl-C')
    .addHelpText('after', examples('start'))
    .action(async () => {
      // Loaded when it is wanted: commands that ask should answer at once.
      const { runStart } = await import('./run-start.ts')
      await runStart(context)
    })
}
