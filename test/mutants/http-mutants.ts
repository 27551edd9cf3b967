/** The HTTP interface without one of its guards each. @module */
import { mutantsOf, type Mutant } from './mutant.ts'

const LOGIN = ['test/unit/api/login/login.test.ts', 'test/unit/api/login/own-page.test.ts']
const FAILED = ['test/unit/api/login/failed-logins.test.ts', 'test/unit/api/login/login.test.ts']
const BULK = ['test/unit/api/runs/bulk-service.test.ts']
const JOBS = ['test/integration/jobs.test.ts']
const SEARCH = ['test/unit/api/search/service.test.ts']
const CLIENTS = ['test/unit/api/http/clients.test.ts']

export const HTTP_MUTANTS: readonly Mutant[] = [
  ...mutantsOf('runtime/api/http/auth.ts', LOGIN, [
    [
      'a page of another site changes things with a login',
      'READING.includes(c.req.method) || isFromOwnPage(c.req.raw.headers)',
      'role',
    ],
  ]),
  ...mutantsOf('runtime/api/login/own-page.ts', LOGIN, [
    [
      'a page of another host of the domain is one of ours',
      "site === 'same-origin'",
      "site !== 'cross-site'",
    ],
  ]),
  ...mutantsOf('runtime/api/login/failed-logins.ts', FAILED, [
    ['failed logins are not counted', '[...known, nowMs()].slice(-MOST)', 'known'],
  ]),
  ...mutantsOf('runtime/api/runs/bulk-model.ts', BULK, [
    [
      'a request that says nothing selects every run',
      'return (request.runs !== undefined) !== isFiltered',
      'return isFiltered || true',
    ],
  ]),
  ...mutantsOf('runtime/api/runs/selection.ts', BULK, [
    [
      'a run whose source was replaced is run again',
      'rule.whyNot(run) ?? stale.get(run.runId)',
      'rule.whyNot(run)',
    ],
  ]),
  ...mutantsOf('runtime/queue/scripts/cancel_runs.lua', JOBS, [
    [
      'a step that is sent twice counts twice',
      "if v[1] ~= 'running' or v[2] ~= ARGV[2] then",
      "if v[1] ~= 'running' then",
    ],
  ]),
  ...mutantsOf('runtime/queue/scripts/cancel_run.lua', JOBS, [
    [
      'a run that was run again since it was selected is cancelled',
      "if seen ~= '' and tostring(r.epoch) ~= seen then return '' end",
      '',
    ],
  ]),
  ...mutantsOf('runtime/api/search/service.ts', SEARCH, [
    ['a store that does not answer has nothing', '  throw error\n', '  return undefined\n'],
  ]),
  ...mutantsOf('runtime/api/http/listen.ts', CLIENTS, [
    ['a client that reads nothing holds its connection for ever', '  server.timeout = limits.idleMs\n', ''],
    ['any number of clients is let in', '  server.maxConnections = limits.connections\n', ''],
    ['headers may take for ever', '  server.headersTimeout = limits.headersMs\n', ''],
  ]),
]
