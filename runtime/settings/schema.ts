/** Every setting with its default, its range and its row in docs/settings.md (`npm run settings` writes that page). @module */
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { parseSizeBytes } from '../amounts.ts'
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../time.ts'
import {
  basePath,
  by,
  count,
  DEFAULT_ROLES,
  described,
  duration,
  durationWithin,
  functionOptions,
  makeRules,
  grafanaUrl,
  host,
  minioEndpoint,
  names,
  parsed,
  redisUrl,
  ROLES,
  roles,
  token,
  webUrl,
} from './values.ts'
import { streams } from './streams.ts'
import { trustedProxies } from './trusted-proxies.ts'
import './zod-words.ts'

const user = (of: string) => described(z.string().min(3).optional(), `user name of ${of}`)
const secret = (of: string) => described(z.string().min(8).optional(), `password of ${of}`)
const bearer = (of: string) =>
  described(
    z.string().transform(by(token)).optional(),
    `bearer token for the role \`${of}\` of the API; without any token, all callers on this machine may do everything`,
    { range: '16 to 512 characters' },
  )
const METRICS = "the account that reads MinIO's metrics and nothing else; `sluice setup` creates it"
const UPLOADER =
  'the account that may upload and read results; `sluice setup` creates it, and the runtime signs uploads of browsers with it'
const STREAMS = 'the account that receives streams, for the role `streams`; `sluice setup` creates it'
const ROOT = 'the root account, for `sluice setup` and `sluice doctor`'

const servers = {
  REDIS_URL: described(
    parsed(redisUrl, 'redis://127.0.0.1:6379'),
    'the Redis; `npm start` uses this server instead of starting one',
  ),
  MINIO_ENDPOINT: described(
    parsed(minioEndpoint, 'http://127.0.0.1:9000'),
    'the MinIO; `npm start` uses this server instead of starting one',
  ),
  MINIO_PUBLIC_ENDPOINT: described(
    z.string().transform(by(minioEndpoint)).optional(),
    'the address at which people reach MinIO, for links to results and for uploads by browsers',
    { byDefault: '`MINIO_ENDPOINT`' },
  ),
  MINIO_REGION: described(z.string().min(1).default('us-east-1'), "MinIO's region"),
  MINIO_ACCESS_KEY: user("the runtime's account"),
  MINIO_SECRET_KEY: secret("the runtime's account"),
  MINIO_ROOT_USER: user(ROOT),
  MINIO_ROOT_PASSWORD: secret(ROOT),
  MINIO_UPLOADER_ACCESS_KEY: user(UPLOADER),
  MINIO_UPLOADER_SECRET_KEY: secret(UPLOADER),
  MINIO_METRICS_ACCESS_KEY: user(METRICS),
  MINIO_METRICS_SECRET_KEY: secret(METRICS),
  MINIO_STREAMS_ACCESS_KEY: user(STREAMS),
  MINIO_STREAMS_SECRET_KEY: secret(STREAMS),
  SLUICE_NAME: described(
    z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,30}$/, 'lower-case letters, digits and hyphens')
      .default('sluice'),
    'the prefix of all keys in Redis',
    { range: 'lower-case letters, digits and hyphens' },
  ),
}

const processes = {
  SLUICE_ROLES: described(parsed(roles, DEFAULT_ROLES.join(',')), 'the roles of this machine', {
    range: ROLES.join(', '),
  }),
  SLUICE_WORKERS: described(
    count(1, 256, Math.max(1, Math.floor(availableParallelism() / 2))),
    'the number of worker processes',
    { byDefault: 'half the cores' },
  ),
  SLUICE_FUNCTIONS: described(parsed(names, ''), 'names of the functions that these workers serve', {
    byDefault: 'all',
  }),
  SLUICE_FUNCTIONS_FILE: described(z.string().min(1).optional(), 'the file with the list of functions', {
    byDefault: '`functions/index.ts`',
  }),
  SLUICE_OPTIONS: described(
    parsed(functionOptions, '{}'),
    'options by function, as JSON: `{"chunk":{"seconds":4}}`; an upload\'s own metadata overrides them',
  ),
  SLUICE_MAKE: described(
    parsed(names, ''),
    'functions that run on every upload that they match, though they run only when asked by themselves: `hls,poster`',
    { byDefault: 'none' },
  ),
  SLUICE_MAKE_RULES: described(
    parsed(makeRules, '{}'),
    'the same for keys that match a pattern, as JSON: `{"videos/**":["hls","poster"]}`',
  ),
  // Node's timers hold at most 24 days, and fire at once beyond that.
  SLUICE_DRAIN: described(
    duration('30s', ['0s', 0], ['1d', DAY_MS]),
    'how long SIGTERM waits for attempts; the remaining runs are handed back uncounted',
  ),
  SLUICE_LEASE: described(
    duration('30s', ['1s', SECOND_MS], ['1d', DAY_MS]),
    'the silence of a worker after which its runs are taken over',
  ),
  SLUICE_STRICT_EVENTS: described(
    z.enum(['on', 'off']).default('off'),
    '`on`: uploads are acknowledged only when their event is on disk, and events take up to 3 s',
  ),
  SLUICE_MEDIA_MEMORY: described(
    // The media functions read it themselves (`functions/ffmpeg/sandbox/media-budget.ts`).
    z.string().transform(by(parseSizeBytes)).optional(),
    'memory for all FFmpeg processes on this machine together, such as `4GiB`; a process that would exceed it waits',
    { byDefault: 'half the memory' },
  ),
  SLUICE_SCRATCH_DIR: described(
    z.string().min(1).default(join(tmpdir(), 'sluice')),
    'where attempts keep files; each runtime has its own folder in it, which is removed when it ends',
    { byDefault: "`sluice` in the system's temporary folder" },
  ),
}

const api = {
  SLUICE_API_HOST: described(
    parsed(host('SLUICE_API_PORT'), '127.0.0.1'),
    'the address of the API; a non-loopback address is accepted only when a token is set',
  ),
  SLUICE_API_PORT: described(count(0, 65_535, 8080), 'the port of the API, of health and metrics'),
  SLUICE_BASE_PATH: described(
    parsed(basePath, ''),
    'the path below which a proxy serves the console and the API, such as `/sluice`',
    { byDefault: 'none' },
  ),
  SLUICE_TRUSTED_PROXIES: described(
    parsed(trustedProxies, 'loopback'),
    'proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed: addresses and networks, `loopback`, `private` (with loopback), `none`',
  ),
  SLUICE_CONSOLE_URL: described(
    z.string().transform(by(webUrl)).optional(),
    'where people reach the console, with its base path: for the links that commands print',
    { byDefault: 'this machine' },
  ),
  SLUICE_GRAFANA_URL: described(
    z.string().transform(by(grafanaUrl)).optional(),
    'where people reach Grafana, for links in the console: a URL, or a path such as `/grafana/`',
    { byDefault: 'no links' },
  ),
  SLUICE_TOKEN_READER: bearer('reader'),
  SLUICE_TOKEN_OPERATOR: bearer('operator'),
  SLUICE_TOKEN_ADMIN: bearer('admin'),
  // The command line reads these two itself.
  SLUICE_API_URL: described(z.string().optional(), 'where `sluice` commands reach the API', {
    byDefault: 'this machine',
  }),
  SLUICE_TOKEN: described(z.string().optional(), 'the token that `sluice` commands send', {
    byDefault: "this machine's token",
  }),
}

const history = {
  SLUICE_RETENTION: described(
    duration('7d', ['1m', MINUTE_MS], ['3650d', 3_650 * DAY_MS]),
    'how long ended runs are remembered in Redis; the buckets remember longer',
  ),
  SLUICE_RETENTION_RUNS: described(
    count(100, 10_000_000, 100_000),
    'how many ended runs are remembered in Redis; the buckets remember more',
  ),
  SLUICE_SWEEP_EVERY: described(
    duration('5m', ['1s', SECOND_MS], ['1d', DAY_MS]),
    'how often the sweep (in processes with the role `intake`) checks recent uploads',
  ),
  SLUICE_SWEEP_FULL_EVERY: described(
    duration('1d', ['1m', MINUTE_MS], ['30d', 30 * DAY_MS]),
    'how often the sweep checks all uploads',
  ),
  SLUICE_SWEEP_GRACE: described(
    duration('1m', ['0s', 0], ['1d', DAY_MS]),
    "how long to wait for an upload's event before the sweep picks it up",
  ),
  SLUICE_RESULTS_KEPT: described(
    z
      .string()
      .transform(by(durationWithin(['1m', MINUTE_MS], ['3650d', 3_650 * DAY_MS])))
      .optional(),
    'how long results are kept, if a lifecycle rule of yours removes them: results of older uploads are not made again',
    { range: '1m to 3650d', byDefault: 'forever' },
  ),
}

const logs = {
  SLUICE_LOG_LEVEL: described(
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
    'the least important level that is logged',
  ),
  SLUICE_LOG_FORMAT: described(z.enum(['json', 'text']).default('json'), 'the format of the log'),
}

export const SETTING_GROUPS = {
  'Redis and MinIO': servers,
  'Processes and functions': processes,
  'API and command line': api,
  Streams: streams,
  'Retention and sweep': history,
  Logs: logs,
} as const

export const settingsSchema = z.object({ ...servers, ...processes, ...api, ...streams, ...history, ...logs })

/** Settings of `npm start`, which reads them itself: every other process knows the names and ignores the values. */
export const LOCAL_SETTINGS = {
  SLUICE_LOCAL_DIR: {
    fallback: '.sluice',
    description: 'where `npm start` keeps its data, readable only by its owner; set it for every command',
  },
  SLUICE_LOCAL_REDIS_PORT: { fallback: '6379', description: 'the port of the Redis that `npm start` starts' },
  SLUICE_LOCAL_MINIO_PORT: { fallback: '9000', description: 'the port of the MinIO that `npm start` starts' },
  SLUICE_LOCAL_CONSOLE_PORT: { fallback: '9001', description: "the port of that MinIO's console" },
} as const
