/** A disk that is soon full: a tmpfs of a few megabytes. Linux, and only for who may mount. @module */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SmallDisk {
  readonly path: string
  /** Leaves no byte free. */
  fill(): void
  /** Takes back what {@link SmallDisk.fill} has written. */
  free(): void
  freeBytes(): number
  /** Processes that have files open on it must have ended. */
  remove(): void
}

/** Whether this user may mount: root, or one with sudo that asks nothing. */
export function canMount(): boolean {
  try {
    const disk = mountSmallDisk(1)
    disk.remove()
    return true
  } catch {
    return false
  }
}

/**
 * @param path - its content is hidden until the disk is removed. @defaultValue a new folder
 * @throws {Error} when this user may not mount
 */
export function mountSmallDisk(
  sizeMiB: number,
  path = mkdtempSync(join(tmpdir(), 'sluice-disk-')),
): SmallDisk {
  const mode = `${process.getuid?.()}`
  asRoot('mount', '-t', 'tmpfs', '-o', `size=${sizeMiB}m,mode=700,uid=${mode}`, 'tmpfs', path)
  const ballast = join(path, 'ballast')
  const freeBytes = () => {
    const { bavail, bsize } = statfsSync(path)
    return bavail * bsize
  }
  return {
    path,
    freeBytes,
    fill() {
      mkdirSync(ballast, { recursive: true })
      // Twice: while the first is written others may free some.
      for (const name of ['1', '2', '3']) {
        try {
          writeFileSync(join(ballast, name), Buffer.alloc(freeBytes()))
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        }
      }
    },
    free: () => rmSync(ballast, { recursive: true, force: true }),
    remove() {
      asRoot('umount', '-l', path)
      rmSync(path, { recursive: true, force: true })
    },
  }
}

function asRoot(command: string, ...args: readonly string[]): void {
  const line = process.getuid?.() === 0 ? [command, ...args] : ['sudo', '-n', command, ...args]
  const [program = '', ...rest] = line
  execFileSync(program, rest, { stdio: 'pipe' })
}
