/** How a child ends: asked to, or without its supervisor. Real processes and a real Redis. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { writeFunctionList } from '../helpers/function-list.ts'
import { killMains, startMain } from '../helpers/main-process.ts'
import { startTestRedis, type TestRedis } from '../helpers/servers.ts'
import { waitFor } from '../helpers/wait.ts'

let folder: string
let redis: TestRedis
let env: Record<string, string>
beforeAll(async () => {
  redis = await startTestRedis()
  // Inside the project, so that the lists find the runtime as a user's would.
  folder = await mkdtemp(join(import.meta.dirname, 'lists-'))
  env = {
    REDIS_URL: redis.url,
    MINIO_ENDPOINT: 'http://127.0.0.1:1',
    MINIO_ACCESS_KEY: 'runtime-1',
    MINIO_SECRET_KEY: 'secret-secret',
    SLUICE_DRAIN: '0s',
    SLUICE_SCRATCH_DIR: join(folder, 'scratch'),
  }
})
afterAll(async () => {
  await redis.stop()
  await rm(folder, { recursive: true })
})
afterEach(killMains)

describe('a child that is asked to end', () => {
  it('ends though a function has left a timer', async () => {
    const file = await writeFunctionList(folder, 'timer', 'setInterval(() => undefined, 1_000)')
    const main = startMain(['child', 'work'], { ...env, SLUICE_FUNCTIONS_FILE: file })
    await main.said(/"started"/)
    main.child.kill('SIGTERM')
    expect(await main.ended).toBe(0)
  })

  it('ends though it cannot be drained, with an error line', async () => {
    // A metric that is never read keeps the last snapshot, and so the drain, for ever.
    const file = await writeFunctionList(
      folder,
      'undrained',
      `import { Gauge } from 'prom-client'
import { functionMetrics } from '../../../runtime/telemetry/metrics.ts'
new Gauge({ name: 'stuck', help: 'h', registers: [functionMetrics], collect: () => new Promise(() => undefined) })`,
    )
    const main = startMain(['child', 'work'], { ...env, SLUICE_FUNCTIONS_FILE: file })
    await main.said(/"started"/)
    main.child.kill('SIGTERM')
    expect(await main.ended).toBe(1)
    expect(main.output()).toMatch(/the worker process did not end within 6000 ms/)
  })
})

describe('a serving child that is asked to end', () => {
  it('ends the streams of live events, whose readers come back to its successor', async () => {
    const main = startMain(['child', 'serve'], { ...env, SLUICE_API_PORT: '0' })
    await main.said(/"url":"http/)
    const [, url = ''] = /"url":"(http:[^"]+)"/.exec(main.output()) ?? []
    const { body } = await fetch(`${url}/v1/live`)
    const reader = body!.pipeThrough(new TextDecoderStream()).getReader()
    let heard = ''
    await waitFor(
      async () => {
        heard += (await reader.read()).value ?? ''
        return heard.includes('event: ready')
      },
      { timeoutMs: 10_000, what: 'the first event' },
    )
    main.child.kill('SIGTERM')
    let isOver = false
    while (!isOver) isOver = (await reader.read()).done
    expect(await main.ended).toBe(0)
  })
})

describe('a child whose supervisor is gone', () => {
  /** The pid of a child whose parent was killed; `loads` says what its functions do as they are loaded. */
  async function orphan(name: string, loads: string): Promise<number> {
    const pidFile = join(folder, `${name}.pid`)
    const file = await writeFunctionList(
      folder,
      name,
      `import { existsSync, writeFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
writeFileSync('${pidFile}', String(process.pid))
${loads}`,
    )
    const script = `require('node:child_process').fork('infra/build/sluice.mjs', ['child', 'work'],
      { serialization: 'advanced' }).on('message', (m) => console.log(m.type))`
    const parent = spawn(process.execPath, ['-e', script], {
      cwd: join(import.meta.dirname, '..', '..'),
      env: { ...process.env, ...env, SLUICE_FUNCTIONS_FILE: file },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const pid = await waitFor(async () => Number(await readFile(pidFile, 'utf8')) || undefined, {
      timeoutMs: 20_000,
      what: 'the child',
    })
    if (loads === '') await once(parent.stdout, 'data')
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    return pid
  }

  function ended(pid: number): Promise<boolean> {
    return waitFor(
      async () => {
        try {
          process.kill(pid, 0)
          return false
        } catch {
          return true
        }
      },
      { timeoutMs: 15_000, what: 'the orphan to end' },
    )
  }

  it('drains and ends', async () => {
    expect(await ended(await orphan('orphan', ''))).toBe(true)
  })

  it('ends also when that was while its functions loaded', async () => {
    const goOn = join(folder, 'go-on')
    const pid = await orphan('loading', `while (!existsSync('${goOn}')) await setTimeout(20)`)
    await writeFile(goOn, '')
    expect(await ended(pid)).toBe(true)
  })
})
