/** `sluice resume <function>`: the end of a pause. @module */
import type { FunctionView } from '../../api/functions/model.ts'
import { apiCommand, apiOf, type ApiOptions } from '../api-command.ts'
import { examples, type CliCommand } from '../command.ts'
import { functionText } from './functions.ts'
import { writeJson } from '../terminal/table.ts'

export const resume: CliCommand = (program, context) => {
  apiCommand(program, 'resume')
    .description("start a function's runs again")
    .argument('<function>', 'its name')
    .addHelpText('after', examples('resume chunk'))
    .action(async (name: string, options: ApiOptions) => {
      const view = await apiOf(context, options).post<FunctionView>(
        `/v1/functions/${encodeURIComponent(name)}/resume`,
      )
      if (options.json) writeJson(context.out, view)
      else context.out.write(`${functionText(view)}\n`)
    })
}
