/** A folder for secrets that other programs must read from a file. It goes however this process ends. @module */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Runs `work` with a folder that only this user may enter, and removes it afterwards.
 *
 * @remarks A shell of its own session waits for the end of its input, which comes also when this process is killed, and
 * then removes the folder. So there is no need of handlers for signals, which belong to the program and not to a library
 * (and SIGKILL has none).
 */
export async function withPrivateFolder<T>(prefix: string, work: (path: string) => Promise<T>): Promise<T> {
  const path = await mkdtemp(join(tmpdir(), prefix))
  try {
    const guard = spawn('/bin/sh', ['-c', 'read -r _; rm -rf -- "$1"', 'sh', path], {
      // Its own group: a Ctrl-C in the terminal must not end it first.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: '/usr/bin:/bin' },
    })
    guard.stdin.on('error', () => undefined)
    await once(guard, 'spawn')
    const ended = once(guard, 'close')
    try {
      return await work(path)
    } finally {
      guard.stdin.end()
      await ended
    }
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}
