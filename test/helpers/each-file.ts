/**
 * What holds for every test file: the logs of its servers are shown when a test fails, and a server that outlives the file
 * fails it. Loaded by Vitest before the file.
 * @module
 */
import { afterAll, beforeEach } from 'vitest'
import { logTail } from '../../infra/local/servers/server.ts'
import { SEED } from './seed.ts'
import { watched } from './watched.ts'

beforeEach(({ onTestFailed, task }) => {
  onTestFailed(async () => {
    process.stderr.write(`[${task.name}] TEST_SEED=${SEED}\n`)
    for (const { logPath } of watched) process.stderr.write(`[${task.name}] ${await logTail(logPath)}\n`)
  })
})

// The first hook of a file runs last: after those that stop what they have started.
afterAll(async () => {
  const left = [...watched].filter(({ pid }) => pid !== undefined)
  const names = left.map(({ name, pid }) => `${name} (pid ${pid})`)
  await Promise.all(left.map((server) => server.stop()))
  if (left.length > 0) throw new Error(`left running: ${names.join(', ')}; stop() it in afterAll`)
})
