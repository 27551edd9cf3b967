/** What `npm run sluice` fills in from the local stack. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { filling, keptSettings, readKeptSettings } from '../../../../../infra/local/settings/kept-settings.ts'

const account = (name: string) => ({ accessKey: name, secretKey: `${name}-secret` })
const credentials = {
  root: account('root'),
  runtime: account('runtime'),
  uploader: account('uploader'),
  streams: account('streams'),
}
const RUNTIME_ENV = {
  PATH: '/bin',
  REDIS_URL: 'redis://127.0.0.1:7000',
  MINIO_ENDPOINT: 'http://127.0.0.1:7001',
  MINIO_ACCESS_KEY: 'runtime',
  MINIO_SECRET_KEY: 'runtime-secret',
  SLUICE_API_PORT: '7002',
  SLUICE_NAME: 'mine',
}

describe('what is kept', () => {
  it('is the settings of the runtime, without accounts', () => {
    const { env, accounts } = keptSettings(RUNTIME_ENV, {})
    expect(Object.keys(env).sort()).toEqual(['MINIO_ENDPOINT', 'REDIS_URL', 'SLUICE_API_PORT', 'SLUICE_NAME'])
    expect(accounts).toEqual(['root', 'runtime', 'uploader', 'streams'])
  })

  it('names the accounts that belong to the stack: a given MinIO has its own root', () => {
    const given = { MINIO_ENDPOINT: 'http://10.0.0.1:9000', MINIO_ACCESS_KEY: 'theirs' }
    expect(keptSettings(RUNTIME_ENV, given).accounts).toEqual(['uploader', 'streams'])
  })
})

it('kept settings that are damaged are reported with their path and the remedy, not in terms of a schema', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-kept-'))
  for (const text of ['{', '{"env":4}']) {
    await writeFile(join(dir, 'settings.json'), text)
    await expect(readKeptSettings(dir)).rejects.toThrow(
      `${join(dir, 'settings.json')} is damaged: remove it, and npm start writes it again`,
    )
  }
  await rm(dir, { recursive: true })
})

describe('what is filled in', () => {
  const kept = keptSettings(RUNTIME_ENV, {})
  const fill = (command: string, env: Record<string, string> = {}) =>
    filling(env, { kept, credentials, command })

  it('is everything, with root only for commands that need it', () => {
    expect(fill('doctor')).toEqual({
      REDIS_URL: 'redis://127.0.0.1:7000',
      MINIO_ENDPOINT: 'http://127.0.0.1:7001',
      SLUICE_API_PORT: '7002',
      SLUICE_NAME: 'mine',
      MINIO_ROOT_USER: 'root',
      MINIO_ROOT_PASSWORD: 'root-secret',
      MINIO_ACCESS_KEY: 'runtime',
      MINIO_SECRET_KEY: 'runtime-secret',
      MINIO_UPLOADER_ACCESS_KEY: 'uploader',
      MINIO_UPLOADER_SECRET_KEY: 'uploader-secret',
      MINIO_STREAMS_ACCESS_KEY: 'streams',
      MINIO_STREAMS_SECRET_KEY: 'streams-secret',
    })
    expect(Object.keys(fill('why')).filter((name) => name.includes('ROOT'))).toEqual([])
  })

  it('never overrides what is set', () => {
    const filled = fill('doctor', { SLUICE_NAME: 'other', MINIO_ACCESS_KEY: 'mine' })
    expect(filled).not.toHaveProperty('SLUICE_NAME')
    expect(filled).not.toHaveProperty('MINIO_ACCESS_KEY')
    expect(filled).not.toHaveProperty('MINIO_SECRET_KEY')
  })

  it('never sends an account of this stack to another MinIO', () => {
    const filled = fill('doctor', { MINIO_ENDPOINT: 'http://10.0.0.1:9000' })
    expect(JSON.stringify(filled)).not.toContain('secret')
  })

  it('leaves the stack’s port to its runtime, so that a worker may start beside it', () => {
    expect(fill('worker')['SLUICE_API_PORT']).toBe('0')
    expect(fill('worker', { SLUICE_API_PORT: '9' })).not.toHaveProperty('SLUICE_API_PORT')
  })
})
