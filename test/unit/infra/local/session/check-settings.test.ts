import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ConfigError } from '../../../../../runtime/errors.ts'

describe('the checks of npm start before it starts anything', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sluice-check-'))
    await writeFile(join(dir, 'flat'), '')
  })
  afterEach(async () => {
    vi.unstubAllEnvs()
    await rm(dir, { recursive: true })
  })
  /** Of a new process: it finds FFmpeg once, and an earlier file may have done so in this one. */
  const check = async (env: Record<string, string>, dataDir: string) => {
    vi.resetModules()
    const { checkSettings } = await import('../../../../../infra/local/session/check-settings.ts')
    const { loadLocalSettings } = await import('../../../../../infra/local/settings/settings.ts')
    return checkSettings({ env, dataDir, load: loadLocalSettings })
  }
  const issuesOf = (env: Record<string, string>, dataDir: string) =>
    check(env, dataDir).then(
      () => [],
      (error: ConfigError) => error.issues,
    )

  it('report everything at once, each issue once: settings, options, FFmpeg, the folders', async () => {
    // Functions read it from the process.
    vi.stubEnv('FFMPEG_PATH', '/nowhere/ffmpeg')
    const env = {
      SLUICE_WORKERS: 'many',
      SLUICE_OPTIONS: '{"chunk":{"seconds":0}}',
      SLUICE_SCRATCH_DIR: join(dir, 'flat', 'scratch'),
      SLUICE_LOCAL_MINIO_PORT: 'x',
    }
    expect(await issuesOf(env, join(dir, 'flat'))).toEqual([
      expect.stringMatching(/^SLUICE_LOCAL_MINIO_PORT: "x" is not a port/),
      'SLUICE_WORKERS: must be a number',
      expect.stringMatching(/^SLUICE_LOCAL_DIR: the data cannot be kept in .*: a file has this name/),
      expect.stringMatching(/^SLUICE_OPTIONS: chunk\.seconds: must be at least 0\.5; valid: /),
      expect.stringMatching(/^FFMPEG_PATH: \/nowhere\/ffmpeg does not exist/),
      expect.stringMatching(
        /^SLUICE_SCRATCH_DIR: .* cannot be used: a part of the path is a file\. Name a folder/,
      ),
    ])
  })

  it('report only the data folder if attempts would write below it', async () => {
    const issues = await issuesOf({ PATH: process.env['PATH'] ?? '' }, join(dir, 'flat', 'data'))
    expect(issues).toEqual([expect.stringMatching(/^SLUICE_LOCAL_DIR: .*a part of the path is a file/)])
  })

  it('return the functions that run here', async () => {
    const env = { PATH: process.env['PATH'] ?? '', SLUICE_FUNCTIONS: 'probe' }
    const { functions } = await check(env, join(dir, 'data'))
    expect(functions.map(({ name }) => name)).toEqual(['probe'])
  })
})
