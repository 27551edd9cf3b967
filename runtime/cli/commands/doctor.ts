/** `sluice doctor`: looks for everything that would fail silently, and prints the line that repairs it. @module */
import { API_OPTION } from '../api-command.ts'
import { countText } from '../terminal/amounts.ts'
import { BadNewsError, examples, UsageError, type CliCommand } from '../command.ts'
import type { DoctorOptions } from '../doctor/examine.ts'

export const doctor: CliCommand = (command, context) => {
  command
    .option(...API_OPTION)
    .option('--no-probe', 'send no probe upload')
    .option(
      '--run <function>',
      'also make a real run of this function: upload a small file, then remove it with its results',
    )
    .option('--file <path>', 'the file for --run (default: a WAV with a tone of one second)')
    .option('--json', 'print one JSON document')
    .addHelpText('after', examples('doctor', 'doctor --run chunk', 'doctor --no-probe --json'))
    .action(async (options: DoctorOptions) => {
      if (options.file !== undefined && options.run === undefined)
        throw new UsageError('--file needs --run: name the function')
      // Its help needs neither Redis nor MinIO.
      const { examine } = await import('../doctor/examine.ts')
      const failed = await examine(context, options)
      if (failed > 0) throw new BadNewsError(`${countText(failed, 'check')} failed`)
    })
}
