import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compareSync, getRounds, hashSync } from 'bcryptjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runProgram } from '../../../../runtime/cli/program.ts'
import { SECRETS } from '../../../../runtime/setup/secrets/plan.ts'

describe('sluice secrets', () => {
  let dir: string
  beforeEach(() => {
    dir = join(mkdtempSync(join(tmpdir(), 'sluice-secrets-')), 'secrets')
  })
  afterEach(() => rmSync(join(dir, '..'), { recursive: true, force: true }))

  /** As somebody who may not give files away, so that the test is the same for root and others. */
  async function secrets(...words: string[]) {
    let output = ''
    const terminal = {
      isTerminal: false,
      hasColor: false,
      columns: 80,
      write: (text: string) => {
        output += text
      },
    }
    const owner = `${process.getuid?.() || 1_000}:${process.getgid?.() || 1_000}`
    const given = words.includes('--owner') ? [] : ['--owner', owner]
    const code = await runProgram(['secrets', '--dir', dir, ...given, ...words], {
      env: {},
      entryPath: '',
      signals: process,
      invocation: 'sluice',
      out: terminal,
      err: terminal,
    })
    return { code, output }
  }
  const files = () =>
    Object.fromEntries(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name), 'utf8')]))

  it('creates each once, all different, in files that only their owner can read, and prints none', async () => {
    const { code, output } = await secrets()
    const made = files()
    expect(code).toBe(0)
    const values = SECRETS.map((name) => made[name])
    expect(new Set(values).size).toBe(SECRETS.length)
    for (const value of values) expect(value).toMatch(/^[0-9a-f]{40}$/)
    expect(statSync(dir).mode & 0o777).toBe(0o700)
    for (const name of Object.keys(made)) expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600)
    for (const text of Object.values(made)) expect(output).not.toContain(text.trim())

    const again = await secrets()
    expect(files()).toEqual(made)
    expect(again).toMatchObject({ code: 0, output: expect.stringContaining('nothing to do') })
  })

  it('writes the form that each program needs: hashes for Redis and the edge, an address for the runtime, a settings file for MinIO', async () => {
    await secrets()
    const made = files()
    const acl = made['redis-users.acl'] ?? ''
    expect(acl.split('\n')[0]).toBe('user default reset off')
    for (const name of SECRETS) expect(acl).not.toContain(made[name])
    expect(made['redis-url']).toBe(`redis://runtime:${made['redis-runtime']}@redis:6379`)
    expect(made['minio.env']).toContain(`MINIO_ROOT_PASSWORD=${made['minio-root']}\n`)
    expect(made['minio.env']).toContain(`MINIO_NOTIFY_REDIS_PASSWORD_DURABLE=${made['redis-minio']}\n`)
    const hash = /^\toperator (\S+)$/m.exec(made['edge-users'] ?? '')?.[1] ?? ''
    expect(compareSync(made['edge-operator'] ?? '', hash)).toBe(true)
    // The password is random: a slow hash would only be work for whoever sends wrong ones.
    expect(getRounds(hash)).toBe(4)
  })

  it('rotates the secrets that are named and the files made from them, and leaves the rest', async () => {
    await secrets()
    const before = files()
    const { output } = await secrets('--rotate', 'redis-minio', 'edge-operator')
    const after = files()
    const changed = Object.keys(after).filter((name) => after[name] !== before[name])
    expect(new Set(changed)).toEqual(
      new Set(['redis-minio', 'redis-users.acl', 'minio.env', 'edge-operator', 'edge-users']),
    )
    expect(output).toContain('docker compose up -d --no-deps --force-recreate redis minio')
    expect(output).toContain('--force-recreate edge')
    for (const name of changed) expect(output).not.toContain(after[name]?.trim())
  })

  it('rewrites the login of the edge when it has a slow hash from older versions', async () => {
    await secrets()
    const made = files()
    writeFileSync(join(dir, 'edge-users'), `operator ${hashSync(made['edge-operator'] ?? '', 5)}\n`)
    expect(await secrets()).toMatchObject({ output: expect.stringContaining('edge-users') })
    expect(files()['edge-users']).toMatch(/^@stranger .*\$04\$/s)
  })

  it('repairs lost files and open permissions, and keeps a secret that somebody chose', async () => {
    await secrets()
    writeFileSync(join(dir, 'grafana-admin'), 'chosen by a person\n')
    rmSync(join(dir, 'redis-users.acl'))
    chmodSync(join(dir, 'token-admin'), 0o644)
    const { output } = await secrets()
    expect(output).toBe(`made     ${dir}/redis-users.acl\n${hint()}`)
    expect(files()['grafana-admin']).toBe('chosen by a person\n')
    expect(statSync(join(dir, 'token-admin')).mode & 0o777).toBe(0o600)
  })

  it('refuses an unknown secret, and root as the user of containers', async () => {
    expect(await secrets('--rotate', 'redis-root')).toMatchObject({
      code: 2,
      output: expect.stringContaining('redis-root'),
    })
    expect(await secrets('--owner', '0:0')).toMatchObject({
      code: 2,
      output: expect.stringContaining('root'),
    })
    expect(await secrets('--owner', 'me')).toMatchObject({
      code: 2,
      output: expect.stringContaining('two numbers'),
    })
    expect(() => readdirSync(dir)).toThrow('ENOENT')
  })

  /** Of a user that is not the one in docker-compose.yml. */
  function hint(): string {
    const [uid, gid] = [process.getuid?.() || 1_000, process.getgid?.() || 1_000]
    return uid === 1_000 && gid === 1_000
      ? ''
      : `Only user ${uid} may read them. Put this into .env: SLUICE_USER=${uid}:${gid}\n`
  }
})
