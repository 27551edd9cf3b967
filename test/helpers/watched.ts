/**
 * The servers of a test file: their logs are shown when a test fails, and one that outlives the file fails it.
 * Loaded before every test file.
 * @module
 */
import { afterAll, beforeEach } from 'vitest'
import { logTail, type Server } from '../../infra/local/server.ts'

const watched = new Set<Server>()

export function watch(...servers: readonly Server[]): void {
  for (const server of servers) watched.add(server)
}

/** To be called before it is stopped for good. */
export function unwatch(...servers: readonly Server[]): void {
  for (const server of servers) watched.delete(server)
}

beforeEach(({ onTestFailed, task }) => {
  onTestFailed(async () => {
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
