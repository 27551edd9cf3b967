/** How a runtime starts, and does not: real processes, no servers. */
import { createServer, type Server } from 'node:net'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../infra/local/settings/ports.ts'
import { writeFunctionList } from '../helpers/function-list.ts'
import { killMains, startMain } from '../helpers/main-process.ts'
import { waitFor } from '../helpers/wait.ts'

let folder: string
// Inside the project, so that the lists find the runtime as a user's would.
beforeAll(async () => {
  folder = await mkdtemp(join(import.meta.dirname, 'lists-'))
})
afterAll(() => rm(folder, { recursive: true }))
afterEach(killMains)

async function settings(): Promise<Record<string, string>> {
  return {
    REDIS_URL: 'redis://127.0.0.1:1',
    MINIO_ENDPOINT: 'http://127.0.0.1:1',
    SLUICE_API_PORT: String(await freePort()),
    SLUICE_WORKERS: '1',
    SLUICE_DRAIN: '0s',
    SLUICE_SCRATCH_DIR: await mkdtemp(join(folder, 'scratch-')),
  }
}

describe('an API port that is taken', () => {
  async function take(port: number): Promise<Server> {
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    return server
  }

  it('is named with its setting, and used when it gets free', async () => {
    const env = await settings()
    const port = Number(env['SLUICE_API_PORT'])
    const other = await take(port)
    const main = startMain(['start'], env)
    await main.said(new RegExp(`port ${port} on 127.0.0.1 is taken.*SLUICE_API_PORT`))
    other.close()
    await waitFor(async () => (await fetch(`http://127.0.0.1:${port}/healthz`)).ok, {
      timeoutMs: 20_000,
      what: 'the API',
    })
    main.child.kill('SIGTERM')
    expect(await main.ended).toBe(0)
  })

  it('ends the process that wanted it, with exit code 1', async () => {
    const env = await settings()
    const other = await take(Number(env['SLUICE_API_PORT']))
    expect(await startMain(['child', 'serve'], env).ended).toBe(1)
    other.close()
  })
})

describe('wrong settings', () => {
  it('of all kinds are listed together, with exit code 2 and before anything is connected', async () => {
    const main = startMain(['start'], {
      ...(await settings()),
      MINIO_ACCESS_KEY: '',
      MINIO_SECRET_KEY: '',
      MINIO_ENDPOINT: 'http://127.0.0.1:9000/minio',
      SLUICE_LEASE: '10ms',
      SLUICE_FUNCTIONS: 'nothing',
      SLUICE_OPTIONS: '{"chunk":{"seconds":0}}',
      FFMPEG_PATH: '/nowhere/ffmpeg',
    })
    expect(await main.ended).toBe(2)
    const names =
      'MINIO_ENDPOINT|SLUICE_LEASE|MINIO_ACCESS_KEY|SLUICE_FUNCTIONS|SLUICE_OPTIONS|FFMPEG_PATH'.split('|')
    const issues = main.output().split('\n').slice(1, -1)
    expect(issues).toEqual(names.map((name) => expect.stringContaining(`  - ${name}`)))
  })

  it('that only a child can find end the whole runtime with exit code 2', async () => {
    const file = await writeFunctionList(
      folder,
      'child-only',
      `import { ConfigError } from '../../../runtime/errors.ts'
if (process.argv.includes('work')) throw new ConfigError(['NOBODY_HEALS: this'])`,
    )
    const main = startMain(['start'], { ...(await settings()), SLUICE_FUNCTIONS_FILE: file })
    expect(await main.ended).toBe(2)
    expect(main.output()).toContain('NOBODY_HEALS: this')
  })

  it('a function that ends its worker with code 2 is not one', async () => {
    const file = await writeFunctionList(
      folder,
      'two',
      `const send = process.send?.bind(process)
if (process.argv.includes('work')) process.send = (message, ...rest) =>
  message.type === 'ready' ? send(message, undefined, undefined, () => process.exit(2)) : send(message, ...rest)`,
    )
    const main = startMain(['start'], { ...(await settings()), SLUICE_FUNCTIONS_FILE: file })
    await main.said(/"kind":"work".*"code":2.*restarting/)
    await main.said(/("role":"worker".*"started"[^]*){2}/)
    expect(main.child.exitCode).toBeNull()
  })
})

it('starts its children also through tsx, as where nothing can be compiled', async () => {
  const main = startMain(['start'], await settings(), 'tsx')
  await main.said(/"role":"worker".*"started"/)
  main.child.kill('SIGTERM')
  expect(await main.ended).toBe(0)
})

it('keeps its files in a folder of its own, which is gone when it has ended', async () => {
  const env = await settings()
  const main = startMain(['start'], env)
  await main.said(/"role":"worker".*"started"/)
  const scratch = env['SLUICE_SCRATCH_DIR'] as string
  const [own = ''] = await readdir(scratch)
  expect(await readdir(join(scratch, own))).toEqual(['owner.json', expect.stringMatching(/^worker-\d+$/)])
  main.child.kill('SIGTERM')
  expect(await main.ended).toBe(0)
  expect(await readdir(scratch)).toEqual([])
})
