/** The logs of the servers of a test file: shown when a test fails, and only then. Loaded before every test file. @module */
import { beforeEach } from 'vitest'
import { logTail } from '../../infra/local/server.ts'

const logPaths = new Set<string>()

/** From now on the end of this file is shown with every failure. */
export function showOnFailure(...paths: readonly string[]): void {
  for (const path of paths) logPaths.add(path)
}

export function forget(...paths: readonly string[]): void {
  for (const path of paths) logPaths.delete(path)
}

beforeEach(({ onTestFailed, task }) => {
  onTestFailed(async () => {
    for (const path of logPaths) process.stderr.write(`[${task.name}] ${await logTail(path)}\n`)
  })
})
