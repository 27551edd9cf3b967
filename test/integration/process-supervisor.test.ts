/** The supervisor over real processes: small programs that say what a child says. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ConfigError } from '../../runtime/errors.ts'
import { createLogger } from '../../runtime/logger.ts'
import { createSupervisor, type Supervisor } from '../../runtime/process/supervisor.ts'
import { waitFor } from '../helpers/wait.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-supervisor-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Each start of `program` adds a character to the file whose path is the environment's STARTS. */
async function supervise(name: string, program: string): Promise<{ supervisor: Supervisor; starts: Starts }> {
  const entryPath = join(folder, `${name}.mjs`)
  const path = join(folder, `${name}.starts`)
  await writeFile(
    entryPath,
    `import { appendFileSync } from 'node:fs'\nappendFileSync(process.env.STARTS, 'x')\n${program}`,
  )
  const supervisor = createSupervisor({
    entryPath,
    children: ['work'],
    env: { STARTS: path },
    scratchDir: join(folder, 'scratch'),
    graceMs: 1_000,
    log: createLogger({ level: 'silent', format: 'json' }),
  })
  return { supervisor, starts: async () => (await readFile(path, 'utf8').catch(() => '')).length }
}
type Starts = () => Promise<number>

const LIVES = `process.on('SIGTERM', () => process.exit(0)); setInterval(() => undefined, 1_000)`

it('tries again when a process could not be started', async () => {
  const { supervisor, starts } = await supervise('late', LIVES)
  const { execPath } = process
  process.execPath = '/nowhere/node'
  const ended = supervisor.run()
  process.execPath = execPath
  await waitFor(async () => (await starts()) === 1, { timeoutMs: 10_000, what: 'the second try' })
  supervisor.stop()
  await expect(ended).resolves.toBeUndefined()
})

it('does not let uploads wait for a worker that files kill again and again', async () => {
  const { supervisor, starts } = await supervise(
    'killed',
    `process.send({ type: 'ready' }, undefined, undefined, () => process.exit(7))`,
  )
  const ended = supervisor.run()
  // 0.5 + 1 + 2 + 2 + 2 + 2 s of waiting; doubled without end it would be 31.5 s.
  await waitFor(async () => (await starts()) === 7, { timeoutMs: 15_000, what: 'seven starts' })
  supervisor.stop()
  await expect(ended).resolves.toBeUndefined()
})

it('gives up for good, and ends the others, when a process finds its settings wrong', async () => {
  const { supervisor, starts } = await supervise('wrong', 'process.exit(2)')
  await expect(supervisor.run()).rejects.toThrow(ConfigError)
  expect(await starts()).toBe(1)
})
