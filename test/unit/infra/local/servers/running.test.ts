import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AlreadyRunningError, claimFolder } from '../../../../../infra/local/servers/running.ts'

describe('the claim on a data folder', () => {
  let dir: string
  let said: string[]
  const children: ChildProcess[] = []
  const say = (line: string) => void said.push(line)

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sluice-running-'))
    said = []
  })
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
    await rm(dir, { recursive: true })
  })

  /** A process that does nothing and has `mark` on its command line. */
  async function runIdle(mark: string): Promise<ChildProcess> {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', mark], { stdio: 'ignore' })
    children.push(child)
    await once(child, 'spawn')
    return child
  }
  const leave = (start: object, servers: object[]) =>
    writeFile(join(dir, 'running.json'), JSON.stringify({ start, servers }))
  const gone = { name: 'start', pid: 4_000_000, mark: 'start.ts' }

  it('records the running servers, and leaves nothing after its release', async () => {
    const claim = await claimFolder(dir, 'start.ts', say)
    const redis = { name: 'Redis', pid: 7, mark: dir }
    claim.record([redis])
    const record = JSON.parse(await readFile(join(dir, 'running.json'), 'utf8')) as object
    expect(record).toEqual({ start: { name: 'start', pid: process.pid, mark: 'start.ts' }, servers: [redis] })
    await claim.release()
    await expect(readFile(join(dir, 'running.json'))).rejects.toThrow('ENOENT')
  })

  it('is refused while another start runs', async () => {
    const { pid } = await runIdle('start.ts')
    await leave({ name: 'start', pid, mark: 'start.ts' }, [])
    await expect(claimFolder(dir, 'start.ts', say)).rejects.toThrow(AlreadyRunningError)
    await expect(claimFolder(dir, 'start.ts', say)).rejects.toThrow(`kill ${pid}`)
  })

  it('stops the servers that a killed start left behind, and reports it', async () => {
    const server = await runIdle(dir)
    await leave(gone, [{ name: 'Redis', pid: server.pid, mark: dir }])
    await claimFolder(dir, 'start.ts', say)
    expect(server.signalCode ?? (await once(server, 'exit'))[1]).toBe('SIGTERM')
    expect(said).toEqual([`Stopping Redis (pid ${server.pid}), which an earlier start left behind`])
  })

  it('does not stop another process with the same pid', async () => {
    const stranger = await runIdle('something-else')
    await leave({ name: 'start', pid: stranger.pid, mark: 'start.ts' }, [
      { name: 'Redis', pid: stranger.pid, mark: dir },
    ])
    await claimFolder(dir, 'start.ts', say)
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull()
    expect(said).toEqual([])
  })

  it('ignores a torn record', async () => {
    await writeFile(join(dir, 'running.json'), '{"start":')
    await expect(claimFolder(dir, 'start.ts', say)).resolves.toBeDefined()
  })
})
