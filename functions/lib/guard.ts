/**
 * How a child process is fenced in: limits on what it may take, an environment without secrets, a low priority,
 * and death together with its parent. All of it is one chain of `exec`: the child keeps the first process's id.
 * @module
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export interface Limits {
  /** Address space. */
  readonly memoryBytes: number
  readonly cpuSeconds: number
  /** Of each file that it writes. */
  readonly fileBytes: number
  readonly openFiles: number
}

/** A backstop against what the arguments' own limits let through; a run ends by its timeout long before `cpuSeconds`. */
export const DEFAULT_LIMITS: Limits = {
  memoryBytes: 4 * 1024 ** 3,
  cpuSeconds: 4 * 3_600,
  fileBytes: 64 * 1024 ** 3,
  openFiles: 256,
}

/**
 * Nothing is inherited: no credentials, no proxies, no FFREPORT, which makes FFmpeg write files.
 * Without this GCONV_PATH the static builds crash on MPEG-TS (`reference/media.md`, trap 2).
 */
export const GUARDED_ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  GCONV_PATH: '/nonexistent',
}

/** `setpriv` and its flags: a worker that is killed with SIGKILL takes its FFmpeg along. */
const DIE_WITH_PARENT = ['setpriv', '--pdeathsig', 'KILL', '--no-new-privs', '--'] as const

/**
 * The command line that runs `path` under `limits`. Pure.
 *
 * @param parentPid - of the process that it shall die with; undefined where the system cannot do that
 */
export function guardedCommand(
  path: string,
  limits: Limits,
  parentPid: number | undefined,
): readonly [string, ...string[]] {
  const ulimits = [
    ['v', Math.ceil(limits.memoryBytes / 1024)],
    ['t', limits.cpuSeconds],
    // POSIX shells count files in blocks of 512 bytes.
    ['f', Math.ceil(limits.fileBytes / 512)],
    ['n', limits.openFiles],
    ['c', 0],
  ]
  // Not every system has every limit, and a lower one that is already in force is as good.
  const limit = ulimits.map(([flag, value]) => `ulimit -${flag} ${value} 2>/dev/null || :`).join('; ')
  // A parent that died before the kernel was told of the wish to die with it sends no signal any more.
  const orphan = parentPid === undefined ? '' : `[ "$PPID" -eq ${parentPid} ] || exit 137; `
  const script = `${orphan}${limit}; exec nice -n 10 "$0" "$@"`
  const shell: [string, ...string[]] = ['/bin/sh', '-c', script, path]
  return parentPid === undefined ? shell : [...DIE_WITH_PARENT, ...shell]
}

let dieWithParent: Promise<boolean> | undefined

/** Whether this system has a `setpriv` that can do it: util-linux has, BusyBox and macOS have not. Asked once. */
export function canDieWithParent(): Promise<boolean> {
  const [command, ...flags] = DIE_WITH_PARENT
  dieWithParent ??= promisify(execFile)(command, [...flags, '/bin/sh', '-c', ':'], {
    env: GUARDED_ENVIRONMENT,
  }).then(
    () => true,
    () => false,
  )
  return dieWithParent
}
