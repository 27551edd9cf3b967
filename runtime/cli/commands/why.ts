/** `sluice why <object>`: what happened to it, and why. @module */
import type { ObjectView } from '../../api/objects/model.ts'
import { apiCommand, apiOf, type ApiOptions } from '../api-command.ts'
import { examples, type CliCommand } from '../command.ts'
import { parseObjectName } from '../object-name.ts'
import { shownOn, wrapped } from '../terminal/printable.ts'
import { writeJson } from '../terminal/table.ts'

export const why: CliCommand = (program, context) => {
  apiCommand(program, 'why')
    .description('what happened to an object, and why, or why nothing did')
    .argument('<object>', '<bucket>/<key>; it need not be there any more')
    .addHelpText('after', examples('why incoming/a.MOV', 'why --json incoming/a.MOV'))
    .action(async (name: string, options: ApiOptions) => {
      const { bucket, key } = parseObjectName(name)
      const view = await apiOf(context, options).get<ObjectView>(`/v1/objects/${bucket}`, { key })
      const { out } = context
      if (options.json) return writeJson(out, view)
      const summary = shownOn(out, view.summary)
      out.write(`${out.isTerminal ? wrapped(summary, out.columns) : summary}\n`)
    })
}
