/**
 * `node --import tsx infra/grafana/init/run.ts <wanted.json>` with GRAFANA_URL, GRAFANA_USER and GRAFANA_PASSWORD_FILE: creates users and
 * teams and sets the folder's rights as in the file. It may run at every start.
 * @module
 */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { planCreations, planRights, wantedSchema, type Present, type Request } from './plan.ts'

const TIMEOUT_MS = 10_000
const readSecret = (path: string) => readFileSync(path, 'utf8').trim()

export interface GrafanaAccess {
  readonly url: string
  readonly user: string
  readonly password: string
}

const usersSchema = z.array(z.object({ id: z.number(), login: z.string() }))
const teamsSchema = z.object({ teams: z.array(z.object({ id: z.number(), name: z.string() })) })
const membersSchema = z.array(z.object({ userId: z.number() }))

export async function initialise(access: GrafanaAccess, wantedText: string): Promise<readonly Request[]> {
  const wanted = wantedSchema.parse(JSON.parse(wantedText))
  const creations = planCreations(wanted, await readPresent(access), readSecret)
  for (const each of creations) await ask(access, each.path, each)
  const rights = planRights(wanted, await readPresent(access))
  for (const each of rights) await ask(access, each.path, each)
  return [...creations, ...rights]
}

async function readPresent(access: GrafanaAccess): Promise<Present> {
  const users = usersSchema.parse(await ask(access, '/api/users?perpage=1000'))
  const { teams } = teamsSchema.parse(await ask(access, '/api/teams/search?perpage=1000'))
  const withMembers = teams.map(async (team) => {
    const members = membersSchema.parse(await ask(access, `/api/teams/${team.id}/members`))
    return { ...team, memberIds: members.map(({ userId }) => userId) }
  })
  return { users, teams: await Promise.all(withMembers) }
}

async function ask(access: GrafanaAccess, path: string, request?: Request): Promise<unknown> {
  const login = Buffer.from(`${access.user}:${access.password}`).toString('base64')
  const response = await fetch(access.url + path, {
    method: request?.method ?? 'GET',
    headers: { authorization: `Basic ${login}`, 'content-type': 'application/json' },
    ...(request && { body: JSON.stringify(request.body) }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: Error & { cause?: Error }) => {
    throw new Error(`${access.url} does not answer: ${error.cause?.message ?? error.message}`)
  })
  if (response.status === 401)
    throw new Error(
      `${access.url} refuses the password of ${access.user}: the file contains another one than Grafana; change it there (docs/security.md)`,
    )
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return response.json()
}

if (process.argv[1] === import.meta.filename) {
  try {
    const { GRAFANA_URL: url = 'http://grafana:3000/grafana', GRAFANA_USER: user = 'admin' } = process.env
    const password = readSecret(process.env['GRAFANA_PASSWORD_FILE'] ?? '/run/secrets/grafana-admin')
    const done = await initialise({ url, user, password }, readFileSync(process.argv[2] ?? '', 'utf8'))
    process.stdout.write(done.map(({ method, path }) => `${method} ${path}\n`).join(''))
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
