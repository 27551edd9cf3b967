/** `sluice doctor`: looks for all that would go wrong without a word, and says what repairs it. @module */
import { countText } from '../terminal/amounts.ts'
import { BadNewsError, examples, UsageError, type CliCommand } from '../command.ts'
import type { DoctorOptions } from './examine.ts'

export const doctor: CliCommand = (program, context) => {
  program
    .command('doctor')
    .description(
      'check everything that goes wrong silently: settings, Redis, MinIO, notifications, tools, the runtime; and send an empty canary the whole way. Root’s account shows the most',
    )
    .option(
      '--api <url>',
      'address of the runtime (default: SLUICE_API_URL, else this machine’s SLUICE_API_PORT)',
    )
    .option('--no-canary', 'upload nothing')
    .option('--run <function>', 'also a real run: a small file goes in, and is removed with its results')
    .option('--file <path>', 'the file for --run (default: a second of a tone, as WAV)')
    .option('--json', 'one JSON document')
    .addHelpText('after', examples('doctor', 'doctor --run chunk', 'doctor --no-canary --json'))
    .action(async (options: DoctorOptions) => {
      if (options.file !== undefined && options.run === undefined)
        throw new UsageError('--file is for --run: name the function')
      const { examine } = await import('./examine.ts')
      const failed = await examine(context, options)
      if (failed > 0) throw new BadNewsError(`${countText(failed, 'check')} failed`)
    })
}
