/** What a request for many runs is answered with: a preview of a dry run, else a job. @module */
import type { Context } from 'hono'
import type { ApiEnv } from '../http/auth.ts'
import { jobSchema, previewSchema, type Job, type Preview } from './model.ts'
import { bodyProblems, json, LOCATION } from '../http/openapi.ts'

export const bulkResponses = {
  200: json(previewSchema, 'of a dry run: what would be done'),
  202: json(jobSchema, 'the job that does it', LOCATION),
  ...bodyProblems(404, 409, 422),
}

export function answerBulk(c: Context<ApiEnv>, answer: Preview | Job) {
  return 'id' in answer ? c.json(answer, 202, { location: `/v1/jobs/${answer.id}` }) : c.json(answer, 200)
}
