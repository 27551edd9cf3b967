/** Finds the user of the process at the other end of a loopback connection, in Linux's tables of TCP sockets. @module */
import { readFile } from 'node:fs/promises'
import { endianness } from 'node:os'
import { toolUser } from '../../function/tool-user.ts'

/** A connection between IPv4 addresses; those of a closed `Socket` are undefined. */
export interface Connection {
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
  readonly localAddress?: string | undefined
  readonly localPort?: number | undefined
}

/** The second lists clients that connect to `::ffff:127.0.0.1`. */
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6']

/**
 * Whether the other end belongs to a process of another user than ours, and than the one that root's tools run as. (The token of
 * the URL is needed as well.) False when that is unknown: without such tables (macOS), or when the client has closed its end.
 */
export async function isForeign(connection: Connection): Promise<boolean> {
  const ownUid = process.geteuid?.()
  for (const path of TABLES) {
    const table = await readFile(path, 'latin1').catch(() => '')
    const uids = uidsOf(table, connection)
    if (uids.length > 0)
      return uids.some((uid) => uid !== ownUid && !(ownUid === 0 && uid === toolUser()?.uid))
  }
  return false
}

/** The users of the sockets in one table that are the other end of this connection. Pure. */
export function uidsOf(
  table: string,
  connection: Connection,
  isLittleEndian = endianness() === 'LE',
): number[] {
  const { remoteAddress = '', remotePort = 0, localAddress = '', localPort = 0 } = connection
  const remote = wordOf(remoteAddress, remotePort, isLittleEndian)
  const local = wordOf(localAddress, localPort, isLittleEndian)
  return table.split('\n').flatMap((line) => {
    const [, ofSocket, ofPeer, state, , , , uid] = line.trim().split(/\s+/)
    // The kernel lists closed sockets as root's.
    const isOtherEnd = ofSocket?.endsWith(remote) && ofPeer?.endsWith(local) && state !== TIME_WAIT
    return isOtherEnd ? [Number(uid)] : []
  })
}

const TIME_WAIT = '06'

/** Such as `0100007F:A38F`: the address as a number in the machine's byte order. An IPv6 one ends with the same digits. */
function wordOf(address: string, port: number, isLittleEndian: boolean): string {
  const bytes = address.split('.').map((byte) => hex(Number(byte), 2))
  return `${(isLittleEndian ? bytes.toReversed() : bytes).join('')}:${hex(port, 4)}`
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0')
}
