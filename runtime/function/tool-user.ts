/** The user that tools become which root starts for work on strange files. @module */
import { readFileSync } from 'node:fs'

export interface ToolUser {
  readonly uid: number
  readonly gid: number
}

/**
 * Left to nobody by Debian (65000 to 65533 are reserved) and by systemd (its own dynamic users end before), and below 65536, which
 * is where the ids of many containers end.
 */
const FREE_IDS = { first: 65_520, last: 65_533 }

let found: { readonly user: ToolUser | undefined } | undefined

/**
 * A user of our own. Not *nobody*: servers of others run as that, and every process of a user can read the arguments of its
 * others' tools, and in them the URL of a source. All runtimes of a machine choose the same one.
 * `undefined` when every id is somebody's: tools then keep our user, as another's could be read and signalled by its owner.
 */
export function toolUser(): ToolUser | undefined {
  found ??= { user: freeUser([readNames('/etc/passwd'), readNames('/etc/group')]) }
  return found.user
}

/**
 * The last free id that none of these files gives to somebody; `undefined` when all are given. Pure.
 *
 * @param files - **Shape**: lines such as `nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin`
 */
export function freeUser(files: readonly string[]): ToolUser | undefined {
  const lines = files.flatMap((file) => file.split('\n'))
  const taken = new Set(lines.flatMap((line) => line.split(':').slice(2, 4)).map(Number))
  for (let id = FREE_IDS.last; id >= FREE_IDS.first; id--) if (!taken.has(id)) return { uid: id, gid: id }
  return undefined
}

function readNames(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    // A machine without such a file gives no id to anybody.
    return ''
  }
}
