import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadConfig, readConfig } from '../../../runtime/settings/config.ts'
import { isGiven, readSettingFiles } from '../../../runtime/settings/files.ts'

describe('secrets in files', () => {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-secrets-'))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  const file = (name: string, text: string) => {
    writeFileSync(join(dir, name), text, { mode: 0o600 })
    return join(dir, name)
  }

  it('are read as if they were in the environment, without the new line at their end', () => {
    const config = loadConfig({
      REDIS_URL_FILE: file('redis', 'redis://runtime:pass-word@redis:6379\n'),
      MINIO_ACCESS_KEY: 'runtime',
      MINIO_SECRET_KEY_FILE: file('minio', 'a-secret-of-minio'),
      SLUICE_API_HOST: '0.0.0.0',
      SLUICE_TOKEN_ADMIN_FILE: file('token', 'token-token-token-token\r\n'),
    })
    expect(config).toMatchObject({
      redisUrl: 'redis://runtime:pass-word@redis:6379',
      runtimeCredentials: { accessKey: 'runtime', secretKey: 'a-secret-of-minio' },
      tokens: { admin: 'token-token-token-token' },
    })
  })

  it('are reported together with every other invalid setting when they cannot be used, and never shown', () => {
    const both = file('both', 'hidden-hidden-hidden')
    const { issues } = readConfig({
      MINIO_ACCESS_KEY: 'runtime',
      MINIO_SECRET_KEY_FILE: join(dir, 'missing'),
      SLUICE_TOKEN_READER_FILE: file('empty', '\n'),
      SLUICE_TOKEN_ADMIN_FILE: both,
      SLUICE_TOKEN_ADMIN: 'shown-shown-shown-shown',
      SLUICE_TOKEN_OPERATOR_FILE: file('short', 'hidden'),
      SLUICE_WORKERS: 'many',
    })
    const names = issues.map((issue) => issue.split(':')[0])
    expect(names).toHaveLength(5)
    expect(new Set(names)).toEqual(
      new Set([
        'MINIO_SECRET_KEY_FILE',
        'SLUICE_TOKEN_ADMIN_FILE',
        'SLUICE_TOKEN_OPERATOR',
        'SLUICE_TOKEN_READER_FILE',
        'SLUICE_WORKERS',
      ]),
    )
    expect(issues.join('\n')).not.toMatch(/hidden|shown/)
  })

  it('reports why a file cannot be read', () => {
    const { issues } = readSettingFiles({ SLUICE_TOKEN_FILE: dir })
    expect(issues).toEqual([`SLUICE_TOKEN_FILE: ${dir} cannot be read (EISDIR)`])
  })

  it('ignores SLUICE_FUNCTIONS_FILE, whose name has the same ending', () => {
    expect(loadConfig({ SLUICE_FUNCTIONS_FILE: '/my/list.ts' }).functionsFile).toBe('/my/list.ts')
    expect(isGiven({ SLUICE_FUNCTIONS_FILE: '/my/list.ts' }, 'SLUICE_FUNCTIONS')).toBe(false)
    expect(readConfig({ SLUICE_LEASE_FILE: '/lease' }).issues).toHaveLength(1)
  })
})
