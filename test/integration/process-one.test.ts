/** `sluice start --one-process` as a container has it: real servers, one process. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { killMains, startMain, type MainProcess } from '../helpers/main-process.ts'
import { useStack } from '../helpers/runs.ts'

const used = useStack({ SLUICE_DRAIN: '20s', SLUICE_WORKERS: '2' })
// Its servers and set-up are what is needed.
beforeAll(() => used.stack.runtime.stop())
afterEach(killMains)

function startOne(env: Readonly<Record<string, string>> = {}): MainProcess {
  const given = Object.entries(used.stack.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  const own = { SLUICE_SCRATCH_DIR: join(used.stack.dir, 'scratch'), SLUICE_LOG_FORMAT: 'json' }
  return startMain(['start', '--one-process'], { ...Object.fromEntries(given), ...own, ...env })
}

/** An upload whose run takes six seconds. */
async function putSlow(name: string): Promise<void> {
  const path = join(used.stack.dir, name)
  await writeFile(path, 'x')
  await used.stack.mc.run('cp', '--attr', 'files=4;pausems=1500', path, `sluice/incoming/slow/${name}`)
  await used.runs.reached(`slow/${name}`, 'running')
}

it('serves and works in itself; after SIGTERM it ends the run in progress, and then itself', async () => {
  const main = startOne()
  await main.said(/"started"/)
  await putSlow('one.txt')
  const { pid } = main.child
  expect(await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).toBe('')
  const metrics = await (await fetch(`${used.stack.apiUrl}/metrics`)).text()
  expect(metrics).toMatch(/^sluice_function_active_invocations\{function="slow"\} 1$/m)
  expect(metrics).toMatch(/^sluice_inbox_depth 0$/m)
  expect((await fetch(`${used.stack.apiUrl}/readyz`)).status).toBe(200)
  main.child.kill('SIGTERM')
  expect(await main.ended).toBe(0)
  expect((await used.runs.of('slow/one.txt')).at(-1)).toMatchObject({
    state: 'succeeded',
    attempts: 0,
    worker: expect.stringContaining(`:${pid}:`),
  })
  await used.runs.assertWhole('slow', 'slow/one.txt')
  expect(await readdir(join(used.stack.dir, 'scratch'))).toEqual([])
})

it('ends at once on a second signal', async () => {
  const main = startOne()
  await main.said(/"started"/)
  await putSlow('twice.txt')
  main.child.kill('SIGTERM')
  await main.said(/draining/)
  main.child.kill('SIGTERM')
  expect(await main.ended).toBe(0)
  expect(main.output()).toMatch(/stopping immediately/)
  expect((await used.runs.of('slow/twice.txt')).at(-1)).toMatchObject({ state: 'running' })
})

it('ends with 2 when settings are wrong, and with 1 when another start may help', async () => {
  expect(await startOne({ SLUICE_LEASE: 'soon' }).ended).toBe(2)
  const first = startOne()
  await first.said(/"started"/)
  const second = startOne()
  expect(await second.ended).toBe(1)
  expect(second.output()).toMatch(/SLUICE_API_PORT/)
})
