/**
 * Limits on a child process: memory, CPU time, file sizes, a low priority, and files that only its user can read. Its rights are
 * `sandbox.ts`'s. All of it is one chain of `exec`, so the child keeps the first process's id.
 * @module
 */
import type { Fence } from './sandbox.ts'

export interface Limits {
  /** Address space. */
  readonly memoryBytes: number
  /** `Infinity` for none. */
  readonly cpuSeconds: number
  /** Of each file that it writes. */
  readonly fileBytes: number
  readonly openFiles: number
}

/** A backstop against what the arguments' own limits let through; an attempt of one core ends by its timeout (12 h) at the same time. */
export const DEFAULT_LIMITS: Limits = {
  memoryBytes: 4 * 1024 ** 3,
  cpuSeconds: 12 * 3_600,
  fileBytes: 64 * 1024 ** 3,
  openFiles: 256,
}

/** Of the address space: a thread of decoder and one of encoder with a picture of 8192 x 4608 each, and their stacks and heaps. */
const MEMORY_PER_CORE_BYTES = 1024 ** 3

/** Of a run that encodes pictures on all cores: it may use up each of them until its attempt ends. */
export function encodingLimits(cores: number): Pick<Limits, 'memoryBytes' | 'cpuSeconds'> {
  const { memoryBytes, cpuSeconds } = DEFAULT_LIMITS
  return { memoryBytes: memoryBytes + cores * MEMORY_PER_CORE_BYTES, cpuSeconds: cpuSeconds * cores }
}

export interface GuardOptions {
  readonly fence: Fence
  readonly parentPid: number
  /** Of everything that the fence's own user runs. */
  readonly maxProcesses: number
  /** Live media must not lose against encoders. @defaultValue 10 */
  readonly niceness?: number
}

/**
 * The command line that runs `path` under `limits`. Pure.
 *
 * @param parentPid - the process that it dies with, if the fence supports that
 */
export function guardedCommand(
  path: string,
  limits: Limits,
  { fence, parentPid, maxProcesses, niceness = 10 }: GuardOptions,
): readonly [string, ...string[]] {
  const ulimits = [
    ['v', Math.ceil(limits.memoryBytes / 1024)],
    ['t', Number.isFinite(limits.cpuSeconds) ? limits.cpuSeconds : 'unlimited'],
    // POSIX shells count files in blocks of 512 bytes.
    ['f', Math.ceil(limits.fileBytes / 512)],
    ['n', limits.openFiles],
    ['c', 0],
  ]
  // Not every system has every limit, and a lower one that is already in force is as good.
  const limit = ulimits.map(([flag, value]) => `ulimit -${flag} ${value} 2>/dev/null || :`).join('; ')
  // Debian's shell and others have different letters for it.
  const crowd = fence.user
    ? `ulimit -p ${maxProcesses} 2>/dev/null || ulimit -u ${maxProcesses} 2>/dev/null || :; `
    : ''
  // A parent that died before the child asked to die with it no longer sends a signal.
  const orphan = fence.diesWithParent ? `[ "$PPID" -eq ${parentPid} ] || exit 137; ` : ''
  const nice = niceness === 0 ? '' : `nice -n ${niceness} `
  const script = `${orphan}umask 077; ${crowd}${limit}; exec ${nice}"$0" "$@"`
  const words = [...fence.outer, '/bin/sh', '-c', script, ...fence.inner, path]
  const [command = path, ...rest]: readonly string[] = words
  return [command, ...rest]
}
