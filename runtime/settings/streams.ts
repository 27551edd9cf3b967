/** The settings of the role `streams`, and their values. @module */
import { parseJson } from '../json.ts'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { formatBytes, parseSizeBytes } from '../amounts.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../time.ts'
import { pullHosts, type PullHost } from './pull-hosts.ts'
import { count, described, duration, durationWithin, host, names, parsed, type Bound } from './values.ts'
import './zod-words.ts'

/** Of a stream; also the last segment but two of the keys of its pieces. */
export const STREAM_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/
export const NAME_RULE = '1 to 64 of a-z, 0-9, ".", "_" and "-", starting with a letter or digit'
const MIB = 1024 ** 2

/** A port on which FFmpeg listens for the sender of one stream. */
const srtDoor = z.strictObject({
  name: z.string().regex(STREAM_NAME, `must have ${NAME_RULE}`),
  port: z.int().min(1).max(65_535),
  /** The passphrase is not in the settings: other programs may read a process's environment. */
  passphraseFile: z.string().min(1),
})
export type SrtDoor = Readonly<z.output<typeof srtDoor>>

/** How streams are received, by a process with the role `streams`. */
export interface StreamSettings {
  readonly host: string
  readonly port: number
  /** 0: RTMP is off. */
  readonly rtmpPort: number
  readonly srt: readonly SrtDoor[]
  /** The length at which pieces are cut. */
  readonly pieceSeconds: number
  readonly reconnectMs: number
  readonly stallMs: number
  /** The longest session. */
  readonly sessionMs: number
  /** How many streams are received at the same time. */
  readonly most: number
  readonly spoolDir: string
  readonly spoolLimitBytes: number
  /** Whether senders that can wait have to, when the spool is full. */
  readonly onFull: 'brake' | 'drop-oldest'
  /** Empty: no stream is pulled. */
  readonly pullHosts: readonly PullHost[]
  readonly windowMs: number
  /** Each session that has ended becomes one file of this kind. */
  readonly join: 'mp4' | 'ts' | undefined
  /** The functions that run on pieces although they leave them out by themselves. */
  readonly functionNames: readonly string[]
}

const EXAMPLE = '[{"name":"cam1","port":10081,"passphraseFile":"/run/secrets/cam1"}]'

export function srtDoors(text: string): readonly SrtDoor[] {
  const result = z.array(srtDoor).safeParse(parseJson(text))
  if (!result.success) {
    const [issue] = result.error.issues
    const where = issue && issue.path.length > 0 ? `${issue.path.join('.')} ${issue.message}; ` : ''
    throw new RangeError(`${where}write the ports of streams as JSON, such as ${EXAMPLE}`)
  }
  for (const each of ['name', 'port'] as const) {
    const values = result.data.map((door) => door[each])
    const twice = values.find((value, index) => values.indexOf(value) < index)
    if (twice !== undefined) throw new RangeError(`two entries have the ${each} ${twice}`)
  }
  return result.data
}

/** Two pieces of a busy stream: less would stop every sender at once. */
const LEAST_SPOOL_BYTES = 16 * MIB

function spoolLimit(text: string): number {
  const bytes = parseSizeBytes(text)
  if (bytes < LEAST_SPOOL_BYTES)
    throw new RangeError(`"${text}" is too small: at least ${formatBytes(LEAST_SPOOL_BYTES)}`)
  return bytes
}

/** Of the pieces of a stream. */
export const PIECE_SECONDS = { least: 1, most: 30 }
const RECONNECT: readonly [Bound, Bound] = [
  ['0s', 0],
  ['1h', HOUR_MS],
]
const SESSION: readonly [Bound, Bound] = [
  ['1m', MINUTE_MS],
  ['24h', DAY_MS],
]
/** In milliseconds. @throws {RangeError} */
export const reconnectMs = durationWithin(...RECONNECT)
/** In milliseconds. @throws {RangeError} */
export const sessionMs = durationWithin(...SESSION)
export const ON_FULL = ['brake', 'drop-oldest'] as const
export const JOINS = ['off', 'mp4', 'ts'] as const

const port = (description: string, fallback: number) => described(count(0, 65_535, fallback), description)

export const streams = {
  SLUICE_STREAMS_HOST: described(
    parsed(host('SLUICE_STREAMS_PORT'), '127.0.0.1'),
    'the address at which streams are received, for the role `streams`',
  ),
  SLUICE_STREAMS_PORT: port('the port for `PUT /v1/streams/NAME`', 8082),
  SLUICE_RTMP_PORT: port('the port for RTMP; 0: RTMP is off', 1935),
  SLUICE_SRT: described(
    parsed(srtDoors, '[]'),
    `the UDP ports for SRT, one for each stream, as JSON: \`${EXAMPLE}\``,
    { range: 'passphrases of 10 to 79 characters' },
  ),
  SLUICE_STREAMS_SECONDS: described(
    count(PIECE_SECONDS.least, PIECE_SECONDS.most, 4),
    'the length of pieces; they are cut at the next keyframe',
  ),
  SLUICE_STREAMS_RECONNECT: described(
    duration('30s', ...RECONNECT),
    'how long a session waits for a sender whose connection broke',
  ),
  SLUICE_STREAMS_STALL: described(
    duration('15s', ['1s', SECOND_MS], ['10m', 10 * MINUTE_MS]),
    'the silence after which the connection of a sender is cut',
  ),
  SLUICE_STREAMS_SESSION: described(
    duration('24h', ...SESSION),
    'the longest session: a sender that is still live then is cut, connects again, and starts a new one',
  ),
  SLUICE_STREAMS_MAX: described(count(1, 1_000, 16), 'how many streams are received at the same time'),
  SLUICE_STREAMS_SPOOL_DIR: described(
    z.string().min(1).default(join(tmpdir(), 'sluice-spool')),
    'where pieces are kept until MinIO has them: on a disk that survives a restart, and not in `SLUICE_SCRATCH_DIR`',
    { byDefault: "`sluice-spool` in the system's temporary folder" },
  ),
  SLUICE_STREAMS_SPOOL_LIMIT: described(
    parsed(spoolLimit, '2GiB'),
    'the size of that folder; a single stream may use a quarter of it',
    { range: `at least ${formatBytes(LEAST_SPOOL_BYTES)}` },
  ),
  SLUICE_STREAMS_ON_FULL: described(
    z.enum(ON_FULL).default('brake'),
    'when the spool is full, `brake`: senders of `PUT` wait, all others lose their oldest pieces; `drop-oldest`: all senders lose their oldest pieces',
  ),
  SLUICE_STREAMS_PULL_HOSTS: described(
    parsed(pullHosts, ''),
    'the hosts from which streams may be pulled, such as `camera1.example,192.0.2.0/24,10.0.0.7:8554`',
    { range: 'host, host:port or network, separated by commas', byDefault: 'none: streams are not pulled' },
  ),
  SLUICE_STREAMS_WINDOW: described(
    duration('10m', ['10s', 10 * SECOND_MS], ['7d', 7 * DAY_MS]),
    'how far the playlist of a live stream reaches back',
  ),
  SLUICE_STREAMS_JOIN: described(
    z.enum(JOINS).default('off'),
    'the pieces of each session that has ended become one file, by the function `join`',
  ),
  SLUICE_STREAMS_FUNCTIONS: described(
    parsed(names, ''),
    'functions that run on each piece of a stream too, such as `probe`; those that ship leave out `streams/**`, since a run on a piece of 2 s costs some twenty times its reception',
    { range: 'names, separated by commas', byDefault: 'none' },
  ),
}
