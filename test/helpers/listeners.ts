/** Who listens where on this machine, as the kernel has it. @module */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface Listener {
  readonly pid: number
  /** `127.0.0.1:6379`, `0.0.0.0:80`, `[::]:80`. */
  readonly address: string
}

const LISTEN = '0A'

/** The TCP sockets on which these processes or their descendants listen. UDP is not used by any of them. */
export function listenersOf(pids: readonly number[]): readonly Listener[] {
  const family = withDescendants(pids)
  const owners = new Map(family.flatMap((pid) => socketsOf(pid).map((inode) => [inode, pid] as const)))
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .flatMap((line) => {
        const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
        const pid = owners.get(inode)
        return state === LISTEN && pid !== undefined ? [{ pid, address: addressOf(local) }] : []
      }),
  )
}

function withDescendants(pids: readonly number[]): readonly number[] {
  const parents = new Map(
    readdirSync('/proc').flatMap((name) => {
      if (!/^\d+$/.test(name)) return []
      // The name of the program, in brackets, may hold anything.
      const rest = readOr(`/proc/${name}/stat`).split(') ').at(-1) ?? ''
      return [[Number(name), Number(rest.split(' ')[1])] as const]
    }),
  )
  const isOurs = (pid: number | undefined): boolean =>
    pid !== undefined && pid > 1 && (pids.includes(pid) || isOurs(parents.get(pid)))
  return [...parents.keys()].filter(isOurs)
}

function socketsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOr(`/proc/${pid}/fd/${fd}`)) ?? []
      return inode === undefined ? [] : [inode]
    })
  } catch {
    // It has ended meanwhile.
    return []
  }
}

/** The kernel's spelling: `0100007F:18EB`, each four bytes turned round. */
function addressOf(text: string): string {
  const [address = '', port = ''] = text.split(':')
  const words = address.match(/.{8}/g) ?? []
  const bytes = words.flatMap((word) =>
    Buffer.from(word, 'hex').toReversed().join(',').split(',').map(Number),
  )
  const host =
    bytes.length === 4
      ? bytes.join('.')
      : bytes.every((byte) => byte === 0)
        ? '[::]'
        : bytes.slice(0, 15).every((byte) => byte === 0)
          ? `[::${bytes[15]}]`
          : `[${Buffer.from(bytes).toString('hex')}]`
  return `${host}:${Number.parseInt(port, 16)}`
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function linkOr(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
