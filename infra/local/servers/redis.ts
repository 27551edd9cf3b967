/** A Redis that keeps every acknowledged write: append-only file, no eviction, loopback only. @module */
import { connect } from 'node:net'
import { mkdirSync } from 'node:fs'
import { REQUEST_PATIENCE_MS } from '../patience.ts'
import { createServer, type Server, type ServerEvents } from './server.ts'
import { PRIVATE_DIR } from '../settings/data-dir.ts'

export interface RedisOptions extends ServerEvents {
  /** Path of `redis-server`. */
  readonly program: string
  readonly port: number
  readonly dataDir: string
  readonly logPath: string
}

/** Above this limit Redis refuses writes (noeviction) instead of using up the machine's memory. */
const MAX_MEMORY = '1gb'

export function createRedis(options: RedisOptions): Server {
  mkdirSync(options.dataDir, { recursive: true, mode: PRIVATE_DIR })
  return createServer({
    name: 'Redis',
    command: options.program,
    args: redisArgs(options),
    env: { PATH: process.env['PATH'], LANG: 'C.UTF-8' },
    cwd: options.dataDir,
    logPath: options.logPath,
    isReady: (pid) => isOurs(options.port, pid),
    onStart: options.onStart,
    onDeath: options.onDeath,
  })
}

/** @see reliability.md, section 9 */
function redisArgs(options: Pick<RedisOptions, 'port' | 'dataDir'>): string[] {
  const settings = {
    port: String(options.port),
    bind: '127.0.0.1',
    dir: options.dataDir,
    daemonize: 'no',
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    maxmemory: MAX_MEMORY,
    'maxmemory-policy': 'noeviction',
    // Keeps the command line with the data folder, which identifies a stale server.
    'set-proc-title': 'no',
  }
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
}

/** Whether the Redis on this port is the started process, and has loaded its data. */
async function isOurs(port: number, pid: number): Promise<boolean> {
  const reply = await ask(port, 'INFO server\r\nINFO persistence\r\nQUIT\r\n')
  return reply.includes(`process_id:${pid}\r`) && reply.includes('loading:0\r')
}

/** Sends inline commands and returns all replies; the last command must be QUIT. */
function ask(port: number, commands: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: REQUEST_PATIENCE_MS })
    let reply = ''
    socket.setEncoding('utf8')
    socket.on('data', (text) => (reply += String(text)))
    socket.on('timeout', () => socket.destroy(new Error('no reply in time')))
    socket.on('error', reject)
    socket.on('close', () => resolve(reply))
    socket.write(commands)
  })
}
