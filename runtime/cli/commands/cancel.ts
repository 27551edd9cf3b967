/** `sluice cancel <run or job>`: ends a run, or hands no more of a job out. @module */
import type { Job } from '../../api/jobs/model.ts'
import type { RunDetail } from '../../api/runs/model.ts'
import { apiCommand, apiOf, type ApiOptions } from '../api-command.ts'
import { examples, type CliCommand } from '../command.ts'
import { jobText } from '../terminal/follow-job.ts'
import { isRunId, jobArgument } from '../ids.ts'
import { printable } from '../terminal/printable.ts'
import { writeJson } from '../terminal/table.ts'

export const cancel: CliCommand = (program, context) => {
  apiCommand(program, 'cancel')
    .description('end a run that waits, or ask the worker of one that runs to end it; or end a job')
    .argument('<run>', 'the id of a run, or of a job', jobArgument)
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
        `run ${id} is ${isAsked ? 'running: its worker was told to end it' : printable(run.status)}\n`,
      )
    })
}
