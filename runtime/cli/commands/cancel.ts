/** `sluice cancel <run or job>`: ends a run, or stops a job from handing out more. @module */
import type { Job } from '../../api/jobs/model.ts'
import type { RunDetail } from '../../api/runs/model.ts'
import { apiOf, withApi, type ApiOptions } from '../api-command.ts'
import { isRunId, jobArgument } from '../arguments.ts'
import { examples, type CliCommand } from '../command.ts'
import { jobText } from '../terminal/job.ts'
import { printable } from '../../printable.ts'
import { writeJson } from '../terminal/table.ts'

export const cancel: CliCommand = (command, context) => {
  withApi(command)
    .argument('<run>', 'the id of a run or a job', jobArgument)
    .addHelpText('after', examples('cancel 0123456789abcdef0123456789abcdef'))
    .action(async (id: string, options: ApiOptions) => {
      const api = apiOf(context, options)
      const { out } = context
      if (!isRunId(id)) {
        const job = await api.post<Job>(`/v1/jobs/${encodeURIComponent(id)}/cancel`)
        return options.json ? writeJson(out, job) : out.write(`job ${id}: ${jobText(job)}\n`)
      }
      const run = await api.post<RunDetail>(`/v1/runs/${id}/cancel`)
      if (options.json) return writeJson(out, run)
      const isAsked = run.status === 'running'
      return out.write(
        `run ${id} is ${isAsked ? 'running: its worker was asked to stop it' : printable(run.status)}\n`,
      )
    })
}
