/** The user that tools run as when root starts them on untrusted files. @module */
import { readFileSync } from 'node:fs'

export interface ToolUser {
  readonly uid: number
  readonly gid: number
}

/**
 * Unused by Debian (65000 to 65533 are reserved) and by systemd (its dynamic users end before), and below 65536, where the ids
 * of many containers end.
 */
const FREE_IDS = { first: 65_520, last: 65_533 }

let found: { readonly user: ToolUser | undefined } | undefined

/**
 * A user of our own. Not *nobody*: other servers run as that, and every process of a user can read the arguments of the user's
 * other processes, and in them the URL of a source. All runtimes of a machine choose the same one.
 * `undefined` when every id is taken: tools then keep our user, since the owner of another could read and signal them.
 */
export function toolUser(): ToolUser | undefined {
  found ??= { user: freeUser([readNames('/etc/passwd'), readNames('/etc/group')]) }
  return found.user
}

/**
 * The last id that none of these files assigns; `undefined` when all are taken. Pure.
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
    // A machine without such a file assigns no ids.
    return ''
  }
}
