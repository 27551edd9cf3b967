/** On a machine with much more work than cores the local stack is slow, but it starts. */
import { readdir, readFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createServer } from '../../../../infra/local/servers/server.ts'

const LOCAL_DIR = join(import.meta.dirname, '..', '..', '..', '..', 'infra', 'local')
const TEN_MINUTES_MS = 600_000

describe('waiting', () => {
  afterEach(() => vi.useRealTimers())

  it('continues for ten minutes and more while a server loads', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'sluice-patience-'))
    let isReady = false
    const server = createServer({
      name: 'Toy',
      command: process.execPath,
      args: ['-e', 'setInterval(() => {}, 1000)'],
      env: { PATH: process.env['PATH'] },
      cwd: dir,
      logPath: join(dir, 'toy.log'),
      isReady: () => Promise.resolve(isReady),
    })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const starting = server.start()
    let failure: unknown
    starting.catch((error: unknown) => (failure = error))
    // Its process is real: it exists after a moment of the real clock.
    await vi.waitUntil(() => server.pid !== undefined, { timeout: 30_000 })
    const fromMs = performance.now()
    await vi.waitUntil(
      async () => {
        await vi.advanceTimersByTimeAsync(10_000)
        return performance.now() - fromMs > TEN_MINUTES_MS
      },
      { timeout: 30_000, interval: 1 },
    )
    expect(failure).toBeUndefined()
    isReady = true
    await vi.advanceTimersByTimeAsync(1_000)
    await starting
    vi.useRealTimers()
    await server.stop()
    await rm(dir, { recursive: true })
  })

  it('has its limits of minutes in one place: no other file of the local stack has its own', async () => {
    const own: string[] = []
    for (const name of await readdir(LOCAL_DIR)) {
      if (!name.endsWith('.ts')) continue
      const text = await readFile(join(LOCAL_DIR, name), 'utf8')
      if (/(?:timeout:|\.timeout\(|TIMEOUT_MS =)\s*\d/i.test(text)) own.push(name)
    }
    expect(own).toEqual([])
  })
})
