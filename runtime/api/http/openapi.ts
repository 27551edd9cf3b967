/** The vocabulary in which routes describe themselves, and the document made of it: `/openapi.json`. @module */
import { OpenAPIHono, z } from '@hono/zod-openapi'
import type { TokenRole } from '../../settings/config.ts'
import type { ApiEnv } from './env.ts'
import { ProblemError, problemSchema } from './problem.ts'
import '../../settings/zod-words.ts'

export type ApiApp = OpenAPIHono<ApiEnv>

const TAGS = {
  functions: 'Their definitions, queues and limits.',
  objects: 'The history of an object, with reasons.',
  runs: 'One version of an object for one function.',
  results: 'The output of functions.',
  live: 'Changes, as server-sent events.',
  uploads: 'Rights to send objects straight to the store.',
  'dead letters': 'Runs that were given up.',
  jobs: 'Work on many runs at once.',
  sweep: 'The comparison of the buckets with the runs.',
  streams: 'Media that are received while they are made.',
  runtime: 'Health, metrics, and this document.',
} as const
type Tag = keyof typeof TAGS

const PROBLEMS = {
  400: 'The address, a header or the JSON is not valid; `issues` names the first 50 fields.',
  401: 'No token, or an unknown one.',
  403: "The token's role may not do this; or no token is set and the request came under a foreign host name or from a foreign page.",
  404: 'Not found.',
  409: 'Not possible in the current state.',
  413: 'The body is larger than 10 MiB, or has more than 200,000 values.',
  415: 'The body is not JSON.',
  416: 'The range starts beyond the end.',
  421: 'Another process answers this; `receiver` has its address.',
  422: 'The request is well-formed, but asks for something impossible.',
  429: 'Too many requests with an unknown token from one address within a minute.',
  500: 'An unexpected error; `detail` has the request id to search the log for.',
  503: 'Redis or MinIO does not answer.',
} as const

const HEADERS: Readonly<Record<number, z.ZodObject>> = {
  401: z.object({ 'WWW-Authenticate': z.string() }),
  429: z.object({ 'Retry-After': z.string().openapi({ description: 'seconds' }) }),
  503: z.object({ 'Retry-After': z.string().openapi({ description: 'seconds' }) }),
}

export function json<T extends z.ZodType, H extends z.ZodObject>(
  schema: T,
  description: string,
  headers?: H,
) {
  return { description, content: { 'application/json': { schema } }, ...(headers && { headers }) }
}

export const LOCATION = z.object({
  Location: z.string().openapi({ description: 'the address to follow its progress' }),
  'Idempotent-Replayed': z
    .literal('true')
    .optional()
    .openapi({ description: 'set when this is the kept answer to an earlier request' }),
})

type ProblemStatus = keyof typeof PROBLEMS

export function problems<S extends ProblemStatus>(...statuses: readonly S[]) {
  const entries = statuses.map((status) => [
    status,
    {
      description: PROBLEMS[status],
      content: { 'application/problem+json': { schema: problemSchema } },
      ...(HEADERS[status] && { headers: HEADERS[status] }),
    },
  ])
  return Object.fromEntries(entries) as Record<
    S,
    { description: string; content: { 'application/problem+json': { schema: typeof problemSchema } } }
  >
}

/** The problems that any route under `/v1` may answer with, and those of `statuses`. */
export function v1Problems<S extends ProblemStatus = never>(...statuses: readonly S[]) {
  return problems<400 | 401 | 403 | 429 | 500 | 503 | S>(400, 401, 403, 429, 500, 503, ...statuses)
}

/** The same for routes that take a body. */
export function bodyProblems<S extends ProblemStatus = never>(...statuses: readonly S[]) {
  return v1Problems<413 | 415 | S>(413, 415, ...statuses)
}

/** The description of a route under `/v1`, apart from its path, request and answers. */
export function v1(operationId: string, tag: Tag, role: TokenRole, summary: string) {
  const security: Record<string, string[]>[] = [{ bearer: [] }, { login: [] }]
  return { operationId, tags: [tag], summary, description: `Role: ${role}.`, security }
}

/** The same for a route that needs no token. */
export function open(operationId: string, summary: string) {
  const description = 'Needs no token. While none is set, only requests to localhost are answered.'
  const security: Record<string, string[]>[] = []
  return { operationId, tags: ['runtime' satisfies Tag], summary, description, security }
}

/** A body may have a hundred thousand invalid fields with long names and values: the answer stays readable. */
const MAX_ISSUES = 50
const MAX_ISSUE_LENGTH = 500

function truncated(text: string): string {
  return text.length <= MAX_ISSUE_LENGTH ? text : `${text.slice(0, MAX_ISSUE_LENGTH).toWellFormed()}…`
}

/** An app whose validation answers with problems: 422 for a body, which was well-formed, and 400 for everything else. */
export function createApp(): ApiApp {
  const app: ApiApp = new OpenAPIHono<ApiEnv>({
    // The path as it was sent: Hono's own would decode some escapes of a key, but not all.
    getPath: (request) => /^[^:]+:\/\/[^/?#]*([^?#]*)/.exec(request.url)?.[1] || '/',
    defaultHook(result) {
      if (result.success) return
      const issues = result.error.issues.slice(0, MAX_ISSUES).map(({ path, message }) => ({
        path: truncated(path.join('.')),
        message: truncated(message),
      }))
      const where = { json: 'body', query: 'query', param: 'path', header: 'headers' }[
        result.target as string
      ]
      const list = issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
      const detail = `the ${where ?? 'request'} is not valid: ${list.slice(0, 5).join('; ')}`
      throw new ProblemError(result.target === 'json' ? 422 : 400, detail, { members: { issues } })
    },
  })
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description: 'One of SLUICE_TOKEN_READER, _OPERATOR, _ADMIN; not required while none is set.',
  })
  app.openAPIRegistry.registerComponent('securitySchemes', 'login', {
    type: 'apiKey',
    in: 'cookie',
    name: 'sluice_session',
    description:
      'The login of a browser in the console (with the prefix `__Host-` or `__Secure-` over TLS); what it changes must come from a page of this runtime.',
  })
  return app
}

/** To be called after all other routes are added. */
export function addDocument(app: ApiApp, base: string): void {
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/openapi.json',
    ...open('getDocument', 'This document'),
    responses: {
      200: json(z.record(z.string(), z.unknown()), 'OpenAPI 3.1'),
      ...problems(403, 500),
    },
  })
  /** Made once, as it is the same for every caller. */
  let document: string | undefined
  app.get('/openapi.json', (c) => {
    document ??= JSON.stringify(app.getOpenAPI31Document(aboutAt(base)))
    return c.body(document, 200, { 'content-type': 'application/json' })
  })
}

const aboutAt = (base: string) => ({
  openapi: '3.1.0',
  info: {
    title: 'Sluice',
    version: '1',
    description: 'Runs of functions on bucket events: inspect, rerun, pause. See docs/http.md for examples.',
    contact: { name: 'Sluice' },
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: base === '' ? '/' : base, description: 'the runtime that served this document' }],
  tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
})
