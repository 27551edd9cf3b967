/** `sluice concurrency <function> <n>`: how many attempts a worker process makes at a time. @module */
import { InvalidArgumentError } from 'commander'
import type { FunctionView } from '../../api/functions/model.ts'
import { apiCommand, apiOf, type ApiOptions } from '../api-command.ts'
import { examples, type CliCommand } from '../command.ts'
import { functionText } from './functions.ts'
import { writeJson } from '../terminal/table.ts'

export const concurrency: CliCommand = (program, context) => {
  apiCommand(program, 'concurrency')
    .description('attempts of a function at a time, in each worker process')
    .argument('<function>', 'its name')
    .argument('<n>', 'from 1 to 1000, or `default`: as the function defines it', limitArgument)
    .addHelpText('after', examples('concurrency chunk 4', 'concurrency chunk default'))
    .action(async (name: string, limit: number | null, options: ApiOptions) => {
      const view = await apiOf(context, options).patch<FunctionView>(
        `/v1/functions/${encodeURIComponent(name)}`,
        {
          concurrency: limit,
        },
      )
      if (options.json) writeJson(context.out, view)
      else context.out.write(`${functionText(view)}\n`)
    })
}

function limitArgument(text: string): number | null {
  if (text === 'default') return null
  if (!/^[1-9]\d{0,3}$/.test(text) || Number(text) > 1_000)
    throw new InvalidArgumentError('a whole number from 1 to 1000, or `default`.')
  return Number(text)
}
