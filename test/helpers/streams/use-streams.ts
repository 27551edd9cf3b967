/** A stack that receives streams, for one test file: its doors, keys and receiver, and the film that is sent to it. @module */
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { parseSessionRecord, type SessionRecord } from '../../../runtime/reception/session/session-record.ts'
import { ROLES } from '../../../runtime/settings/values.ts'
import { createApiClient } from '../api.ts'
import { createRuns, type Runs } from '../runs.ts'
import { startTestStack, type TestStack } from '../stack.ts'
import { waitFor } from '../wait.ts'
import { arrivedPieces, arrivedPictures, sessionsOf } from './arrived.ts'
import { comparePictures, type Comparison } from './pictures.ts'
import {
  cutFilm,
  makeReference,
  PICTURES_PER_SECOND,
  type FilmPart,
  type FilmSize,
  type Reference,
} from './reference.ts'
import { endSenders, type Target } from './senders.ts'

export interface UseStreamsOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly film?: FilmSize & {
    /** @defaultValue 60 */
    readonly seconds?: number
  }
}

export interface Streams {
  readonly stack: TestStack
  readonly runs: Runs
  readonly film: Reference
  readonly api: ReturnType<typeof createApiClient>
  /** A new key. @param expiresIn - such as `2s`; @defaultValue it never expires */
  key(name: string, expiresIn?: string): Promise<{ readonly id: string; readonly secret: string }>
  /** With a new key. */
  http(name: string): Promise<Target>
  rtmp(name: string): Promise<Target>
  /** The bucket has so many pieces of the stream. */
  hasPieces(name: string, count: number): Promise<void>
  /** The stream's state by the API is one of these. */
  isState(name: string, ...states: readonly string[]): Promise<void>
  /** The record of the newest session that has ended, of `count` sessions in all. */
  record(name: string, count?: number): Promise<SessionRecord>
  /** The pictures of all sessions, compared with the first `seconds` of the film. */
  compared(name: string, seconds?: number): Promise<Comparison>
  /** The text of the newest session's playlist. */
  playlist(name: string): Promise<string | undefined>
  receiverPid(): Promise<number>
}

/** The receiver at this port has opened its doors: a runtime is ready before that. */
export async function receives(port: number): Promise<void> {
  await waitFor(async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok, {
    timeoutMs: 60_000,
    what: 'the receiver to be ready',
  })
}

/** Read the fields inside tests. */
export function useStreams({ env = {}, film = {} }: UseStreamsOptions = {}): Streams {
  const used = {} as { stack: TestStack; runs: Runs; film: Reference }
  let starting: Promise<TestStack> | undefined
  beforeAll(async () => {
    starting = startTestStack({
      env: {
        SLUICE_ROLES: ROLES.join(','),
        SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, 'functions.ts'),
        SLUICE_STREAMS_SECONDS: '2',
        SLUICE_STREAMS_RECONNECT: '5s',
        ...env,
      },
    })
    used.stack = await starting
    used.runs = createRuns(used.stack)
    await receives(Number(used.stack.env['SLUICE_STREAMS_PORT']))
    used.film = await makeReference(used.stack.dir, film.seconds, film)
  })
  afterAll(async () => {
    endSenders()
    const stack = await starting?.catch(() => undefined)
    ;(used as Partial<typeof used>).runs?.close()
    await stack?.stop()
  })
  const api = createApiClient(() => used.stack)
  const portOf = (setting: string) => Number(used.stack.env[setting])

  async function key(name: string, expiresIn?: string) {
    const { status, body } = await api.ask<{ id: string; secret: string }>(
      'POST',
      `/streams/${name}/keys`,
      expiresIn === undefined ? {} : { expiresIn },
    )
    if (status !== 201) throw new Error(`no key for ${name}: ${status} ${JSON.stringify(body)}`)
    return body
  }
  const target = async (name: string, setting: string): Promise<Target> => ({
    name,
    key: (await key(name)).secret,
    port: portOf(setting),
  })

  async function newestFile(name: string, file: string): Promise<string | undefined> {
    const session = (await sessionsOf(used.stack.storage, name)).at(-1)
    if (session === undefined) return undefined
    const found = await used.stack.storage.readText('processed', `streams/${name}/${session}/${file}`, {
      maxBytes: 64 * 1024 * 1024,
    })
    return found?.text
  }

  return {
    get stack() {
      return used.stack
    },
    get runs() {
      return used.runs
    },
    get film() {
      return used.film
    },
    api,
    key,
    http: (name) => target(name, 'SLUICE_STREAMS_PORT'),
    rtmp: (name) => target(name, 'SLUICE_RTMP_PORT'),
    async hasPieces(name, count) {
      await waitFor(async () => (await arrivedPieces(used.stack.storage, name)).length >= count, {
        timeoutMs: 30_000 + count * 2_500,
        what: `${count} pieces of ${name}`,
      })
    },
    async isState(name, ...states) {
      let last = ''
      await waitFor(
        async () => {
          const { body } = await api.ask<{ state: string }>('GET', `/streams/${name}`)
          last = JSON.stringify(body)
          return states.includes(body.state)
        },
        { timeoutMs: 30_000, intervalMs: 100, what: `${name} to be ${states.join(' or ')}` },
      ).catch((error: Error) => {
        throw new Error(`${error.message}; it is ${last}`, { cause: error })
      })
    },
    record: (name, count = 1) =>
      waitFor(
        async () => {
          const sessions = await sessionsOf(used.stack.storage, name)
          const text = sessions.length >= count && (await newestFile(name, 'session.json'))
          return text ? parseSessionRecord(text) : undefined
        },
        { timeoutMs: 60_000, intervalMs: 200, what: `the record of session ${count} of ${name}` },
      ),
    async compared(name, seconds = used.film.seconds) {
      const sent = used.film.pictures.slice(0, seconds * PICTURES_PER_SECOND)
      return comparePictures(sent, await arrivedPictures(used.stack.storage, name))
    },
    playlist: (name) => newestFile(name, 'live.m3u8'),
    async receiverPid() {
      return waitFor(async () => (await used.stack.childPids('receive'))[0], {
        timeoutMs: 30_000,
        what: 'a receiver',
      })
    },
  }
}

/** The film in parts, for one file; read them inside tests. @param atSeconds - even ones: a keyframe is there */
export function useParts(used: Streams, ...atSeconds: readonly number[]): (index: number) => FilmPart {
  let parts: readonly FilmPart[] = []
  beforeAll(async () => {
    parts = await cutFilm(used.film, ...atSeconds)
  })
  return (index) => {
    const part = parts[index]
    if (!part) throw new Error(`there is no part ${index}`)
    return part
  }
}
