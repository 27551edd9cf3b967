/**
 * For every test file: the logs of its servers are shown when a test fails, and a server that outlives the file
 * fails it. Loaded by Vitest before the file.
 * @module
 */
import { appendFileSync, readFileSync } from 'node:fs'
import { afterAll, beforeEach, expect } from 'vitest'
import { logTail } from '../../infra/local/servers/server.ts'
import { SEED } from './seed.ts'
import { watched } from './watched.ts'

beforeEach(({ onTestFailed, task }) => {
  onTestFailed(async () => {
    process.stderr.write(`[${task.name}] TEST_SEED=${SEED}\n`)
    for (const { logPath } of watched) process.stderr.write(`[${task.name}] ${await logTail(logPath)}\n`)
  })
})

/** The process's own CPU time in user and system mode, and that of its ended children, in hundredths of a second. Linux only. */
function cpuTimes(): number[] {
  const stat = readFileSync('/proc/self/stat', 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, 15).map(Number)
}

const timesPath = process.env['TEST_TIMES']
const startedMs = performance.now()
/** Unit tests share a process; what it did before the first file, such as loading Vitest, is counted nowhere. */
const before = timesPath ? cpuTimes() : []

/** One line of JSON for each file with `TEST_TIMES=<file>`: seconds, and those of CPU with all that it has started. */
function writeTimes(path: string): void {
  const spent = cpuTimes().map((ticks, at) => (ticks - (before[at] ?? 0)) / 100)
  const [user, system, children, ofChildren] = spent
  const seconds = (performance.now() - startedMs) / 1_000
  const file = expect.getState().testPath?.replace(/.*\/test\//, '')
  appendFileSync(path, `${JSON.stringify({ file, seconds, user, system, children, ofChildren })}\n`)
}

// The first hook of a file runs last: after those that stop what they have started.
afterAll(async () => {
  const left = [...watched].filter(({ pid }) => pid !== undefined)
  const names = left.map(({ name, pid }) => `${name} (pid ${pid})`)
  await Promise.all(left.map((server) => server.stop()))
  if (left.length > 0) throw new Error(`left running: ${names.join(', ')}; stop() it in afterAll`)
  if (timesPath) writeTimes(timesPath)
})
