/** `sluice setup`: prepares MinIO for the functions that are listed. @module */
import { examples, type CliCommand } from '../command.ts'

export const setup: CliCommand = (program, { env }) => {
  program
    .command('setup')
    .description(
      'make buckets, lifecycle, watermarks, notifications and, where they are named, the two accounts; may be run again at any time',
    )
    .addHelpText('after', examples('setup'))
    .action(async () => {
      const { runSetup } = await import('./run-setup.ts')
      await runSetup(env)
    })
}
