/** `sluice worker`: workers alone, on as many machines as there are. @module */
import { examples, type CliCommand } from '../command.ts'

export const worker: CliCommand = (program, context) => {
  program
    .command('worker')
    .description(
      'run workers, and their health and metrics on SLUICE_API_PORT, on any machine that reaches Redis and MinIO',
    )
    .option('--functions <names>', 'comma-separated functions to serve (default: SLUICE_FUNCTIONS, else all)')
    .addHelpText('after', examples('worker --functions chunk'))
    .action(async ({ functions }: { functions?: string }) => {
      const chosen = functions === undefined ? {} : { SLUICE_FUNCTIONS: functions }
      const { runStart } = await import('./run-start.ts')
      await runStart({ ...context, env: { ...context.env, SLUICE_ROLES: 'worker', ...chosen } })
    })
}
