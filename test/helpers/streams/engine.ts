/** The engine of reception on real servers, fed with generated files instead of FFmpeg's. @module */
import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Redis } from 'ioredis'
import { createKeys } from '../../../runtime/queue/keys.ts'
import { connectRedis } from '../../../runtime/queue/redis.ts'
import { createStreamStore, type StreamStore } from '../../../runtime/queue/streams.ts'
import type { Connection, EndOfTake, Sender } from '../../../runtime/reception/connection.ts'
import { pieceFileName, playlistKey, recordKey, type SessionOf } from '../../../runtime/reception/names.ts'
import {
  startReception,
  type ReceptionOptions,
  type RunningReception,
} from '../../../runtime/reception/reception.ts'
import { parseSessionRecord, type SessionRecord } from '../../../runtime/reception/session/session-record.ts'
import { createLogger } from '../../../runtime/telemetry/logger.ts'
import { listed } from '../listed.ts'
import { startTestRedis, type TestRedis } from '../servers.ts'
import { startTestStore, type TestStore } from '../store.ts'

export const silent = createLogger({
  level: (process.env['TEST_LOG'] as 'debug') ?? 'silent',
  format: 'text',
})

/** A piece's file has its times in its first line: `measure` reads them, as the real one asks FFmpeg. */
export const testMedia: ReceptionOptions['media'] = {
  abilities: () => Promise.resolve({ ffmpeg: 'none (test)', hasSrt: false, hasTls: false }),
  async measure(path) {
    const [line = ''] = (await readFile(path, 'utf8')).split('\n')
    const [startSeconds, seconds] = line.split(' ').map(Number)
    return seconds ? { startSeconds: startSeconds ?? 0, seconds } : undefined
  },
}

export function pieceText(startSeconds: number, seconds: number, sizeBytes: number): string {
  return `${startSeconds} ${seconds}\n`.padEnd(sizeBytes, 'x')
}

export const SETTINGS: ReceptionOptions['settings'] = {
  spoolDir: '',
  spoolLimitBytes: 64 * 1024 ** 2,
  most: 16,
  pieceSeconds: 4,
  reconnectMs: 60_000,
  sessionMs: 86_400_000,
  windowMs: 600_000,
}

export type Starting = Partial<Omit<ReceptionOptions, 'settings'>> & {
  readonly settings?: Partial<ReceptionOptions['settings']>
}

export interface EngineServers {
  readonly minio: TestStore
  readonly server: TestRedis
  readonly redis: Redis
  /** New for each call: streams under a random prefix. */
  store(leaseMs?: number, prefix?: string): StreamStore
  start(store: StreamStore, starting?: Starting): Promise<{ reception: RunningReception; spoolDir: string }>
  playlist(of: SessionOf): Promise<string | undefined>
  record(of: SessionOf): Promise<SessionRecord | undefined>
  /** The names of its pieces in the bucket. */
  pieces(of: SessionOf): Promise<readonly string[]>
  stop(): Promise<void>
}

export async function startEngineServers(): Promise<EngineServers> {
  const [minio, server] = await Promise.all([
    startTestStore({ versioned: ['incoming', 'processed'] }),
    startTestRedis(),
  ])
  const redis = connectRedis(server.url, 'command', silent)
  const running: RunningReception[] = []
  const dirs: string[] = []
  return {
    minio,
    server,
    redis,
    store: (leaseMs = 3_000, prefix = `test-${randomUUID().slice(0, 8)}`) =>
      createStreamStore(redis, createKeys(prefix), leaseMs),
    async start(store, starting = {}) {
      const spoolDir = starting.settings?.spoolDir ?? (await mkdtemp(join(tmpdir(), 'sluice-spool-')))
      dirs.push(spoolDir)
      const reception = await startReception({
        storage: minio.storage,
        store,
        media: testMedia,
        log: silent,
        ...starting,
        settings: { ...SETTINGS, ...starting.settings, spoolDir },
      })
      running.push(reception)
      return { reception, spoolDir }
    },
    playlist: async (of) => (await minio.storage.readText('processed', playlistKey(of)))?.text,
    async record(of) {
      const found = await minio.storage.readText('processed', recordKey(of))
      return found && parseSessionRecord(found.text)
    },
    pieces: async ({ name, session }) =>
      (await listed(minio.storage.list('incoming', { prefix: `streams/${name}/${session}/` }))).map(
        ({ key }) => key.slice(key.lastIndexOf('/') + 1),
      ),
    async stop() {
      await Promise.all(running.map((each) => each.drain(0)))
      redis.disconnect()
      await Promise.all([minio.stop(), server.stop()])
      await Promise.all(dirs.map((dir) => rm(dir, { recursive: true, force: true })))
    },
  }
}

export function senderOf(name: string, rest: Partial<Sender> = {}): Sender {
  return { name, door: 'http', peer: '127.0.0.1:1', canWait: true, takesOver: false, ...rest }
}

/** A take whose files are written as FFmpeg would, one after the other. */
export interface Feed {
  readonly connection: Connection
  readonly of: SessionOf
  /** Writes and closes so many pieces. */
  push(
    count: number,
    options?: { readonly seconds?: number; readonly sizeBytes?: number; readonly skipSeconds?: number },
  ): Promise<void>
  /** Writes a piece that is not closed. */
  open(seconds: number): Promise<void>
  end(how?: EndOfTake): ReturnType<Connection['end']>
}

/** @throws {Error} when the sender is refused */
export async function feed(reception: RunningReception, sender: Sender): Promise<Feed> {
  const admission = await reception.admit(sender)
  if (admission.kind === 'refused') throw new Error(`${admission.reason}: ${admission.message}`)
  return feedOf(admission.connection)
}

export function feedOf(connection: Connection): Feed {
  let number = 0
  let startSeconds = 0
  const write = async (seconds: number, sizeBytes: number) => {
    const fileName = pieceFileName({ number: number++, extension: '.ts' })
    await writeFile(join(connection.folder, fileName), pieceText(startSeconds, seconds, sizeBytes))
    startSeconds += seconds
    return fileName
  }
  return {
    connection,
    of: { name: connection.name, session: connection.session },
    async push(count, { seconds = 4, sizeBytes = 1_000, skipSeconds = 0 } = {}) {
      startSeconds += skipSeconds
      for (let n = 0; n < count; n++) {
        await connection.room()
        const start = startSeconds
        const fileName = await write(seconds, sizeBytes)
        connection.onPiece({ fileName, startSeconds: start, endSeconds: startSeconds })
      }
    },
    async open(seconds) {
      await write(seconds, 500)
    },
    end: (how = 'sender-finished') =>
      connection.end(how, {
        code: 0,
        signal: null,
        wasLost: false,
        stoppedReading: false,
        lastLines: ['last line'],
      }),
  }
}
