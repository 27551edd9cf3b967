/**
 * Drops FFmpeg's privileges as far as this machine allows. Started by root, it runs as a user of its own, without capabilities,
 * and without a network when it reads a file. Started by anyone else, it at least gains no rights, and dies with its parent.
 *
 * @remarks A run that reads through the range proxy keeps its network: a namespace of its own has no route to our loopback. A
 * non-root user could create one only with a user namespace, which exposes more of the kernel than it protects. The number of
 * processes is limited only for that separate user, because the kernel counts all processes of a user, ours included.
 * @module
 */
import { execFile } from 'node:child_process'
import { lchown, lstat, readdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { toolUser, type ToolUser } from '../../../runtime/index.ts'

export interface Fence {
  /** Words before the shell that sets the limits; each is a program that starts the next one in its own place. */
  readonly outer: readonly string[]
  /**
   * Words right before the program: a process that drops its rights here can still start a program in a folder that it can no
   * longer enter afterwards, such as the home of root.
   */
  readonly inner: readonly string[]
  /** For people. */
  readonly title: string
  readonly diesWithParent: boolean
  readonly user?: ToolUser
}

/** Threads count: FFmpeg starts some for each core, and several may run. */
export const MAX_PROCESSES = 256 + 64 * availableParallelism()

/** Dies with its parent (util-linux's `setpriv` supports that, BusyBox's does not) and gains nothing from set-user-id programs. */
const TIED = ['--pdeathsig', 'KILL', '--no-new-privs'] as const
const POWERLESS = ['--inh-caps=-all', '--bounding-set=-all'] as const
const NO_NETWORK = ['unshare', '--net', '--'] as const

interface FencesFor {
  readonly isRoot: boolean
  readonly isOffline: boolean
  /** The user that root's tools run as; `undefined` when this machine has no free id. */
  readonly user: ToolUser | undefined
}

/** From the strongest to none. Pure. */
export function fencesFor({ isRoot, isOffline, user }: FencesFor): readonly Fence[] {
  const tied = ['setpriv', ...TIED, '--']
  // Changing the user or its capabilities clears the parent-death signal, so it is set again.
  const within = (...options: readonly string[]) => ['setpriv', ...options, ...TIED, '--']
  const asItself = (user: ToolUser): Fence => ({
    outer: tied,
    inner: within(`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', ...POWERLESS),
    title: `as a user of its own (${user.uid})`,
    diesWithParent: true,
    user,
  })
  const powerless: Fence = {
    outer: tied,
    inner: within(...POWERLESS),
    title: 'as root without capabilities',
    diesWithParent: true,
  }
  const cut = (fence: Fence): Fence => ({
    ...fence,
    outer: [...NO_NETWORK, ...fence.outer],
    title: `${fence.title}, without a network`,
  })
  const ofRoot = [...(user ? [asItself(user)] : []), powerless]
  return [
    ...(isRoot && isOffline ? ofRoot.map(cut) : []),
    ...(isRoot ? ofRoot : []),
    { outer: tied, inner: [], title: 'with the rights of the worker', diesWithParent: true },
    {
      outer: [],
      inner: [],
      title: 'with the rights of the worker, which it may outlive',
      diesWithParent: false,
    },
  ]
}

/** Errors of starting a program on a machine that is temporarily short of a resource. */
const SHORTAGES = ['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM']
const LOOK_MS = 30_000

const found = new Map<string, Promise<Fence>>()

/** The strongest fence within which this program runs. Asked once for each. */
export function fenceFor(path: string, of: { readonly isOffline: boolean }): Promise<Fence> {
  const key = `${path} ${of.isOffline}`
  const fence =
    found.get(key) ??
    strongest(path, fencesFor({ isRoot: process.getuid?.() === 0, user: toolUser(), ...of }))
  found.set(key, fence)
  // A machine that is short of resources does not show what it supports.
  fence.catch(() => found.delete(key))
  return fence
}

async function strongest(path: string, fences: readonly Fence[]): Promise<Fence> {
  for (const fence of fences) {
    const [command = path, ...rest]: readonly string[] = [...fence.outer, ...fence.inner, path, '-version']
    const runs = promisify(execFile)(command, rest, { env: GUARDED_ENVIRONMENT, cwd: '/', timeout: LOOK_MS })
    if (
      await runs.then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (SHORTAGES.includes(String(error.code))) throw error
          return false
        },
      )
    )
      return fence
  }
  // It does not run at all; starting it will fail with the reason.
  return fences.at(-1) ?? { outer: [], inner: [], title: '', diesWithParent: false }
}

/** Gives the working folder, and what we have put there, to the user who will work in it. */
export async function handOver(folder: string, { user }: Fence): Promise<void> {
  if (!user) return
  const ours = process.getuid?.()
  for (const path of [folder, ...(await readdir(folder)).map((name) => join(folder, name))]) {
    const found = await lstat(path).catch(ifGone)
    if (!found) continue
    const { uid, nlink } = found
    // A file with another hard link may be somebody else's.
    if (uid === ours && (path === folder || nlink === 1)) await lchown(path, user.uid, user.gid).catch(ifGone)
  }
}

/** An upload that is done removes its file, also while another program is started. */
function ifGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
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
