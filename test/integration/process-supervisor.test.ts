/** The supervisor over real processes: small programs that say what a child says. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ConfigError } from '../../runtime/errors.ts'
import { createLogger } from '../../runtime/telemetry/logger.ts'
import { createSupervisor, type Supervisor, type SupervisorParts } from '../../runtime/process/supervisor.ts'
import { waitFor } from '../helpers/wait.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-supervisor-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Each start of `program` adds a character to the file whose path is the environment's STARTS. */
async function supervise(
  name: string,
  program: string,
  parts: Partial<SupervisorParts> = {},
): Promise<{ supervisor: Supervisor; starts: Starts }> {
  const entryPath = join(folder, `${name}.mjs`)
  const path = join(folder, `${name}.starts`)
  await writeFile(
    entryPath,
    `import { appendFileSync, openSync } from 'node:fs'\nappendFileSync(process.env.STARTS, 'x')\n${program}`,
  )
  const supervisor = createSupervisor({
    entryPath,
    children: ['work'],
    env: { STARTS: path },
    scratchDir: join(folder, 'scratch'),
    graceMs: 1_000,
    log: createLogger({ level: 'silent', format: 'json' }),
    ...parts,
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
  await waitFor(async () => (await starts()) === 1, { timeoutMs: 60_000, what: 'the second try' })
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
  await waitFor(async () => (await starts()) === 7, { timeoutMs: 28_000, what: 'seven starts' })
  supervisor.stop()
  await expect(ended).resolves.toBeUndefined()
})

it('gives up for good, and ends the others, when a process finds its settings wrong', async () => {
  const { supervisor, starts } = await supervise('wrong', 'process.exit(2)')
  await expect(supervisor.run()).rejects.toThrow(ConfigError)
  expect(await starts()).toBe(1)
})

/** Says that it lives as a child does, and from \`ready\` on what it is asked to. */
const SPEAKS = `${LIVES}
const say = (word) => {
  appendFileSync(process.env.SAID, word + ' ' + process.pid + '\\n')
  process.send(word === 'ready' ? { type: 'ready', consumer: 'w' + process.pid } : { type: 'alive', metrics: [] })
}
setInterval(() => say('alive'), 100)
const block = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
`

/** The lines that children have written, as words and pids. */
const linesOf = async (path: string) =>
  (await readFile(path, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')

it('waits for a child that loads for longer than a silence may last, and starts the next one only then', async () => {
  const path = join(folder, 'loads.said')
  const { supervisor, starts } = await supervise(
    'loads',
    `${SPEAKS}block(process.env.SAID && Number(process.env.BLOCK_MS)); say('ready')`,
    {
      children: ['work', 'work'],
      env: { STARTS: join(folder, 'loads.starts'), SAID: path, BLOCK_MS: '30000' },
    },
  )
  const ended = supervisor.run()
  await waitFor(async () => (await linesOf(path)).some((line) => line.startsWith('ready')), {
    timeoutMs: 300_000,
    what: 'the first child to be ready',
  })
  await waitFor(async () => (await starts()) === 2, { timeoutMs: 60_000, what: 'the second child' })
  const [ready] = await linesOf(path)
  supervisor.stop()
  await expect(ended).resolves.toBeUndefined()
  // Nobody was killed: the first one is ready, and it is the first word of all.
  expect(ready).toMatch(/^ready/)
  expect(await starts()).toBe(2)
}, 360_000)

it('kills a child that loops, by its CPU time, tells of it, and leaves the others alone', async () => {
  const path = join(folder, 'loops.said')
  const { supervisor } = await supervise(
    'loops',
    `${SPEAKS}
    process.on('message', (message) => appendFileSync(process.env.SAID, JSON.stringify(message) + '\\n'))
    say('ready')
    if (process.argv[3] === 'work') { try { openSync(process.env.SAID + '.loop', 'wx'); for (;;); } catch {} }`,
    {
      children: ['serve', 'work', 'work'],
      env: { STARTS: join(folder, 'loops.starts'), SAID: path },
      limits: { silentMs: 2_000 },
    },
  )
  const ended = supervisor.run()
  const fate = await waitFor(async () => (await linesOf(path)).find((line) => line.includes('"crashed"')), {
    timeoutMs: 300_000,
    what: 'word of the child that loops',
  })
  expect(fate).toMatch(/"how":"had an event loop that did not turn for \d+ s while it used \d+ s of CPU"/)
  await waitFor(async () => (await linesOf(path)).filter((line) => line.startsWith('ready')).length === 4, {
    timeoutMs: 300_000,
    what: 'another child in its place',
  })
  const pids = new Set((await linesOf(path)).filter((line) => line.startsWith('ready')))
  // Serve, the one that looped, the other worker, and the one in place of the first.
  expect(pids.size).toBe(4)
  supervisor.stop()
  await expect(ended).resolves.toBeUndefined()
}, 660_000)
