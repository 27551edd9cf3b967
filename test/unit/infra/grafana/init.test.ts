import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { planCreations, planRights, wantedSchema, type Present } from '../../../../infra/grafana/init/plan.ts'
import { SECRETS } from '../../../../runtime/setup/secrets/plan.ts'

const wanted = wantedSchema.parse({
  users: [
    {
      login: 'ada',
      email: 'ada@example.org',
      name: 'Ada',
      passwordFile: '/run/secrets/ada',
      teams: ['operators'],
    },
    { login: 'bob', email: 'bob@example.org', name: 'Bob', passwordFile: '/run/secrets/bob' },
  ],
  teams: [
    { name: 'operators', folder: 'edit' },
    { name: 'viewers', folder: 'view' },
  ],
})
const passwordOf = (file: string) => `what ${file} holds`
const nothing: Present = { users: [{ id: 1, login: 'admin' }], teams: [] }
const all: Present = {
  users: [
    { id: 1, login: 'admin' },
    { id: 2, login: 'ada' },
    { id: 3, login: 'bob' },
  ],
  teams: [
    { id: 7, name: 'operators', memberIds: [] },
    { id: 8, name: 'viewers', memberIds: [] },
  ],
}

describe('users and teams', () => {
  it('are all created if none exist, each user with the password of its file', () => {
    expect(planCreations(wanted, nothing, passwordOf)).toEqual([
      {
        method: 'POST',
        path: '/api/admin/users',
        body: {
          login: 'ada',
          email: 'ada@example.org',
          name: 'Ada',
          password: 'what /run/secrets/ada holds',
        },
      },
      {
        method: 'POST',
        path: '/api/admin/users',
        body: {
          login: 'bob',
          email: 'bob@example.org',
          name: 'Bob',
          password: 'what /run/secrets/bob holds',
        },
      },
      { method: 'POST', path: '/api/teams', body: { name: 'operators' } },
      { method: 'POST', path: '/api/teams', body: { name: 'viewers' } },
    ])
  })

  it('are not created a second time, and no password is read', () => {
    const unread = () => {
      throw new Error('read')
    }
    expect(planCreations(wanted, all, unread)).toEqual([])
  })

  it('are created only if they are missing', () => {
    const some: Present = { users: all.users.slice(0, 2), teams: all.teams.slice(0, 1) }
    expect(planCreations(wanted, some, passwordOf).map(({ body }) => body)).toMatchObject([
      { login: 'bob' },
      { name: 'viewers' },
    ])
  })
})

describe('rights', () => {
  const folder = {
    method: 'POST',
    path: '/api/folders/sluice/permissions',
    body: {
      items: [
        { teamId: 7, permission: 2 },
        { teamId: 8, permission: 1 },
      ],
    },
  }

  it('are set as memberships and for the folder as a whole', () => {
    expect(planRights(wanted, all)).toEqual([
      { method: 'POST', path: '/api/teams/7/members', body: { userId: 2 } },
      folder,
    ])
  })

  it('are not set again for existing members', () => {
    const before = { ...all, teams: [{ id: 7, name: 'operators', memberIds: [2] }, ...all.teams.slice(1)] }
    expect(planRights(wanted, before)).toEqual([folder])
  })

  it('cannot be given in a team that does not exist', () => {
    expect(() => planRights(wanted, { ...all, teams: [] })).toThrow('grafana has no team operators')
  })
})

it('refuses a password in the file and rights that Grafana does not have', () => {
  const user = { login: 'a', email: 'a@example.org', name: 'A', passwordFile: '/x' }
  expect(wantedSchema.safeParse({ users: [{ ...user, password: 'x' }], teams: [] }).success).toBe(false)
  expect(wantedSchema.safeParse({ users: [], teams: [{ name: 't', folder: 'own' }] }).success).toBe(false)
})

it('fits the compose file: users whose passwords are among the secrets, and existing teams', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../../infra/grafana/people.json'), 'utf8')
  const people = wantedSchema.parse(JSON.parse(text))
  const files = people.users.map(({ passwordFile }) => passwordFile)
  expect(files).toEqual(['/run/secrets/grafana-viewer'])
  expect(SECRETS.map((name) => `/run/secrets/${name}`)).toEqual(expect.arrayContaining(files))
  const teams = people.teams.map(({ name }) => name)
  expect(teams).toEqual(expect.arrayContaining(people.users.flatMap((user) => user.teams)))
})
