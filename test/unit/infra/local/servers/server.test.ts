import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createServer, type Server, type ServerSpec } from '../../../../../infra/local/servers/server.ts'
import { waitFor } from '../../../../helpers/wait.ts'

const IDLE = 'setInterval(() => {}, 1000)'
const DEAF = `process.on('SIGTERM', () => {}); console.log('up'); ${IDLE}`

describe('a server as a child process', () => {
  let dir: string
  let server: Server | undefined
  let deaths: string[]

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sluice-server-'))
    deaths = []
  })
  afterEach(async () => {
    await server?.stop()
    await rm(dir, { recursive: true })
  })

  function serverOf(script: string, more: Partial<ServerSpec> = {}): Server {
    server = createServer({
      name: 'Toy',
      command: process.execPath,
      args: ['-e', script],
      env: { PATH: process.env['PATH'] },
      cwd: dir,
      logPath: join(dir, 'log', 'toy.log'),
      isReady: () => Promise.resolve(true),
      onDeath: (how) => void deaths.push(how),
      ...more,
    })
    return server
  }
  const isAlive = (pid: number) => {
    try {
      return process.kill(pid, 0)
    } catch {
      return false
    }
  }

  it('can be stopped and started again', async () => {
    const toy = serverOf(IDLE)
    await toy.start()
    const first = toy.pid as number
    await toy.stop()
    expect(toy.pid).toBeUndefined()
    expect(isAlive(first)).toBe(false)
    await toy.start()
    expect(toy.pid).not.toBe(first)
    expect(deaths).toEqual([])
  })

  it('can be started again at once after it was killed', async () => {
    const toy = serverOf(IDLE)
    await toy.start()
    toy.kill('SIGKILL')
    await toy.start()
    expect(isAlive(toy.pid as number)).toBe(true)
    expect(deaths).toEqual([])
  })

  it('is killed if it ignores SIGTERM', async () => {
    const toy = serverOf(DEAF, { stopTimeoutMs: 100 })
    await toy.start()
    const pid = toy.pid as number
    await toy.stop()
    expect(isAlive(pid)).toBe(false)
  })

  it('can be stopped while it is suspended', async () => {
    const toy = serverOf(IDLE)
    await toy.start()
    toy.kill('SIGSTOP')
    await toy.stop()
    expect(toy.pid).toBeUndefined()
  })

  it('reports that it died by itself', async () => {
    const toy = serverOf('setTimeout(() => process.exit(3), 100)')
    await toy.start()
    await waitFor(() => Promise.resolve(deaths.length > 0), { timeoutMs: 5_000, what: 'its death' })
    expect(deaths).toEqual(['exit code 3'])
  })

  it('fails to start with the end of its log if it dies before it answers', async () => {
    const toy = serverOf(`console.error('port is taken'); process.exit(1)`, {
      isReady: () => Promise.reject(new Error('refused')),
    })
    await expect(toy.start()).rejects.toThrow(/Toy ended before it answered: exit code 1[^]*port is taken/)
    expect(deaths).toEqual([])
  })

  it('fails with the log of this start, not of earlier ones', async () => {
    const path = join(dir, 'log', 'toy.log')
    const first = serverOf(`console.error('of the first start'); ${IDLE}`)
    await first.start()
    await waitFor(async () => (await first.lastLine()) === 'of the first start', {
      timeoutMs: 30_000,
      what: 'its word',
    })
    await first.stop()
    const second = serverOf(`console.error('of the second start'); process.exit(1)`, {
      isReady: () => Promise.resolve(false),
    })
    const failure = await second.start().catch((error: Error) => error.message)
    expect(failure).toContain(`${path} ends with:\n  of the second start`)
    expect(failure).not.toContain('first')
    expect(await second.tail()).not.toContain('first')
  })

  it('fails to start, and is stopped, if it never answers', async () => {
    let pid = 0
    const toy = serverOf(IDLE, {
      readyTimeoutMs: 200,
      isReady: (started) => {
        pid = started
        return Promise.resolve(false)
      },
    })
    await expect(toy.start()).rejects.toThrow('Toy did not answer within 200 ms')
    expect(isAlive(pid)).toBe(false)
  })
})
