/** `sluice why <object>`: explains what happened to it. @module */
import type { ObjectView } from '../../api/objects/model.ts'
import { apiOf, withApi, type ApiOptions } from '../api-command.ts'
import { parseObjectName } from '../arguments.ts'
import { examples, type CliCommand } from '../command.ts'
import { shownOn, wrapped } from '../terminal/printable.ts'
import { writeJson } from '../terminal/table.ts'

export const why: CliCommand = (command, context) => {
  withApi(command)
    .argument('<object>', '<bucket>/<key>; the object may have been deleted')
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
