/**
 * Users, teams and rights in Grafana: the wanted state, the present state, and the requests that lead from one to the other.
 * Pure. Grafana's free edition has no files for them, so they are set over HTTP; this may be repeated at any time.
 * @module
 */
import { z } from 'zod'

export const wantedSchema = z.strictObject({
  users: z.array(
    z.strictObject({
      login: z.string().min(1),
      email: z.email(),
      name: z.string().min(1),
      /** A file that contains it; used only when the user is created. */
      passwordFile: z.string().min(1),
      teams: z.array(z.string()).default([]),
    }),
  ),
  teams: z.array(z.strictObject({ name: z.string().min(1), folder: z.enum(['view', 'edit', 'admin']) })),
})
export type Wanted = z.output<typeof wantedSchema>

export interface Present {
  readonly users: readonly { readonly id: number; readonly login: string }[]
  readonly teams: readonly {
    readonly id: number
    readonly name: string
    readonly memberIds: readonly number[]
  }[]
}

export interface Request {
  readonly method: 'POST'
  readonly path: string
  readonly body: unknown
}

export const FOLDER = 'sluice'
const RIGHTS = { view: 1, edit: 2, admin: 4 } as const

/** The first step: users and teams without an id. Existing users keep password and name. */
export function planCreations(
  wanted: Wanted,
  present: Present,
  passwordOf: (file: string) => string,
): readonly Request[] {
  const users = wanted.users
    .filter(({ login }) => !present.users.some((user) => user.login === login))
    .map(({ login, email, name, passwordFile }) =>
      post('/api/admin/users', { login, email, name, password: passwordOf(passwordFile) }),
    )
  const teams = wanted.teams
    .filter(({ name }) => !present.teams.some((team) => team.name === name))
    .map(({ name }) => post('/api/teams', { name }))
  return [...users, ...teams]
}

/**
 * The second step: members of teams, and the rights of each team in the folder. No user is removed from a team. The folder's
 * rights are set as a whole: administrators and these teams only.
 *
 * @throws {Error} when a wanted user or team is still missing, or a user's team is not among the teams
 */
export function planRights(wanted: Wanted, present: Present): readonly Request[] {
  const members = wanted.users.flatMap(({ login, teams }) =>
    teams.flatMap((name) => {
      const user = found(present.users, (each) => each.login === login, `user ${login}`)
      const team = found(present.teams, (each) => each.name === name, `team ${name}`)
      return team.memberIds.includes(user.id)
        ? []
        : [post(`/api/teams/${team.id}/members`, { userId: user.id })]
    }),
  )
  const items = wanted.teams.map(({ name, folder }) => ({
    teamId: found(present.teams, (each) => each.name === name, `team ${name}`).id,
    permission: RIGHTS[folder],
  }))
  return [...members, post(`/api/folders/${FOLDER}/permissions`, { items })]
}

function post(path: string, body: unknown): Request {
  return { method: 'POST', path, body }
}

function found<T>(all: readonly T[], isIt: (each: T) => boolean, what: string): T {
  const one = all.find(isIt)
  if (one === undefined) throw new Error(`grafana has no ${what}`)
  return one
}
