/** `sluice pause <function>`: its runs wait until it is resumed. @module */
import type { FunctionView } from '../../api/functions/model.ts'
import { apiCommand, apiOf, type ApiOptions } from '../api-command.ts'
import { examples, type CliCommand } from '../command.ts'
import { functionText } from './functions.ts'
import { writeJson } from '../terminal/table.ts'

export const pause: CliCommand = (program, context) => {
  apiCommand(program, 'pause')
    .description("start no more of a function's runs; uploads go on being queued")
    .argument('<function>', 'its name')
    .addHelpText('after', examples('pause chunk'))
    .action(async (name: string, options: ApiOptions) => {
      const view = await apiOf(context, options).post<FunctionView>(
        `/v1/functions/${encodeURIComponent(name)}/pause`,
      )
      if (options.json) writeJson(context.out, view)
      else context.out.write(`${functionText(view)}\n`)
    })
}
