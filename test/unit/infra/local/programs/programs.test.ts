import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cacheBinDir, findAllOnPath, judgeVersion } from '../../../../../infra/local/programs/programs.ts'

describe('a program found by its name', () => {
  it.each([
    { name: 'redis-server', output: 'Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64' },
    { name: 'redis-server', output: 'Redis server v=8.2.1 sha=00000000:1' },
    { name: 'redis-server', output: 'Valkey server v=7.2.5 sha=00000000:0' },
    {
      name: 'minio',
      output: 'minio version DEVELOPMENT.GOGET (commit-id=DEVELOPMENT.GOGET)\nRuntime: go1.26',
    },
    { name: 'mc', output: 'mc version RELEASE.2025-03-12T17-29-24Z (commit-id=x)' },
  ] as const)('$name serves: $output', ({ name, output }) => {
    expect(judgeVersion(name, output)).toBeUndefined()
  })

  it.each([
    {
      name: 'redis-server',
      output: 'Redis server v=6.0.16 sha=00000000:0',
      reason: /too old.*7\.0 or later/,
    },
    { name: 'redis-server', output: '', reason: /another program/ },
    { name: 'mc', output: 'GNU Midnight Commander 4.8.29', reason: /another program.*Midnight/ },
    { name: 'minio', output: 'minidlna 1.3', reason: /another program/ },
  ] as const)('$name does not serve: $output', ({ name, output, reason }) => {
    expect(judgeVersion(name, output)).toMatch(reason)
  })

  it('is searched in every folder of the path, and must be executable', async () => {
    const [first, second, third] = await Promise.all(
      [1, 2, 3].map((index) => mkdtemp(join(tmpdir(), `sluice-path-${index}-`))),
    )
    await writeFile(join(first as string, 'mc'), '', { mode: 0o644 })
    await writeFile(join(second as string, 'mc'), '', { mode: 0o755 })
    await writeFile(join(third as string, 'mc'), '', { mode: 0o755 })
    const path = [first, second, third].join(':')
    expect(await findAllOnPath('mc', path)).toEqual([
      join(second as string, 'mc'),
      join(third as string, 'mc'),
    ])
    await Promise.all([first, second, third].map((dir) => rm(dir as string, { recursive: true })))
  })

  it('is cached where the system keeps caches', () => {
    expect(cacheBinDir({ XDG_CACHE_HOME: '/x' })).toBe('/x/sluice/bin')
    expect(cacheBinDir({})).toMatch(/\/\.cache\/sluice\/bin$/)
  })
})
