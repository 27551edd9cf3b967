import { readdirSync, readFileSync } from 'node:fs'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ffmpegBinaries } from '../../functions/ffmpeg/build/binaries.ts'
import { createServer } from '../../infra/local/servers/server.ts'
import { freePort } from '../../infra/local/settings/ports.ts'
import { REDIS_USERS, redisAcl, type RedisUser } from '../../runtime/setup/redis/users.ts'
import { createStorage } from '../../runtime/storage/client.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { judge, systemTool } from '../helpers/checkers.ts'
import { startComposeStack, type ComposeStack } from '../helpers/compose-stack.ts'
import { ROOT_DIR } from '../helpers/compose.ts'
import { waitFor } from '../helpers/wait.ts'

const run = promisify(execFile)

/** A picture of four seconds in MPEG-TS. */
async function streamFile(path: string): Promise<string> {
  const { ffmpegPath } = await ffmpegBinaries()
  const picture = 'testsrc2=size=160x90:rate=25:duration=4'
  const codec = ['-c:v', 'mpeg2video', '-g', '25', '-f', 'mpegts']
  await run(ffmpegPath, ['-v', 'error', '-f', 'lavfi', '-i', picture, ...codec, path])
  return path
}

function readPlaylist(stack: ComposeStack): Promise<Response> {
  const headers = { authorization: `Bearer ${stack.secret('token-reader')}` }
  return fetch(`${stack.apiUrl}/v1/streams/cam1/live.m3u8`, { headers })
}

describe('the users of Redis', { timeout: 120_000 }, () => {
  let stack: ComposeStack
  let uploader: Storage
  let admin: Redis
  beforeAll(async () => {
    stack = await startComposeStack()
    admin = stack.connect('admin')
    const credentials = { accessKey: 'sluice-uploader', secretKey: stack.secret('minio-uploader') }
    uploader = createStorage({ endpoint: stack.endpoint, region: 'us-east-1', credentials })
  }, 240_000)
  afterAll(async () => {
    uploader?.close()
    admin?.disconnect()
    await stack?.stop()
  })

  /** The API of the runtime, as its administrator. */
  async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${stack.apiUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${stack.secret('token-admin')}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }
  const runs = async () =>
    ((await ask('GET', '/v1/runs')) as { items: { id: string; status: string }[] }).items
  /** Commands that Redis refused, except those that this test sent as `client`. */
  const denied = async () => {
    const log = (await admin.call('ACL', 'LOG')) as unknown[][]
    return log.map((entry) => {
      const at = (name: string) => String(entry[entry.indexOf(name) + 1])
      return `${at('username')}: ${at('reason')} ${at('object')}`
    })
  }

  it('may do all that their programs do: nothing is refused while files are processed', async () => {
    await admin.call('ACL', 'LOG', 'RESET')
    const bytes = Buffer.from('no video')
    for (const key of ['a.mp4', 'b.mp4', 'c/d.mov'])
      await uploader.put('incoming', key, { bytes }, { contentType: 'video/mp4' })
    await waitFor(
      async () => {
        const all = await runs()
        return all.length === 6 && all.every(({ status }) => status === 'dead')
      },
      { what: 'six dead letters of files that are none', timeoutMs: 60_000 },
    )
    const [first] = await runs()
    await ask('GET', `/v1/runs/${first?.id}`)
    await ask('GET', '/v1/objects/incoming/a.mp4')
    await ask('GET', '/v1/functions')
    await ask('GET', '/v1/dead-letters')
    await ask('POST', '/v1/functions/chunk/pause', {})
    await ask('POST', '/v1/functions/chunk/resume', {})
    await ask('POST', `/v1/runs/${first?.id}/retry`, {})
    await ask('POST', '/v1/dead-letters/redrive', { function: 'probe' })
    await ask('POST', '/v1/reprocess', { prefix: 'c/', status: 'failed' })
    await ask('POST', '/v1/sweep', {})
    await waitFor(async () => (await runs()).every(({ status }) => status === 'dead'), {
      what: 'the end of everything once more',
      timeoutMs: 60_000,
    })
    expect(await denied()).toEqual([])
  })

  it('may do all that reception does: a stream is received with a key, with the account of reception alone', async () => {
    await stack.receiver.start()
    await admin.call('ACL', 'LOG', 'RESET')
    const { secret } = (await ask('POST', '/v1/streams/cam1/keys', {})) as { secret: string }
    const body = await readFile(await streamFile(join(stack.dir, 'stream.ts')))
    const push = (key: string) =>
      fetch(`${stack.receiverUrl}/v1/streams/cam1`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${key}` },
        body,
      })
    for (const key of [secret, stack.secret('token-operator')]) {
      const answer = await push(key)
      expect([answer.status, await answer.json()]).toEqual([201, expect.objectContaining({ name: 'cam1' })])
    }
    expect((await push('wrong')).status).toBe(401)
    expect((await push(stack.secret('token-reader'))).status).toBe(401)
    // The playlist by the API, with the account of the runtime.
    expect(await (await readPlaylist(stack)).text()).toContain('#EXT-X-ENDLIST')
    await ask('GET', '/v1/streams')
    // It has ended by itself.
    await expect(ask('DELETE', '/v1/streams/cam1')).rejects.toThrow(/404/)
    const metrics = await (await fetch(`${stack.receiverUrl}/metrics`)).text()
    expect(metrics).toMatch(/^sluice_stream_takes_total\{door="http",end="sender-finished"\} 2$/m)
    expect(await denied()).toEqual([])
  })

  it('may call everything that the scripts call, also where no test does', () => {
    const dir = join(ROOT_DIR, 'runtime/queue/scripts')
    const lua = readdirSync(dir).map((name) => readFileSync(join(dir, name), 'utf8'))
    const calls = lua.flatMap((text) =>
      [...text.matchAll(/redis\.p?call\(\s*'(\w+)'(?:,\s*'([A-Z]+)')?/g)].map(
        ([, command = '', word = '']) =>
          ['XGROUP', 'XINFO'].includes(command) ? `${command}|${word}`.toLowerCase() : command.toLowerCase(),
      ),
    )
    expect(calls.length).toBeGreaterThan(100)
    const [, rules = ''] = /^user runtime (.*)$/m.exec(redisAcl('sluice', () => '')) ?? []
    expect([...new Set(calls)].filter((call) => !rules.split(' ').includes(`+${call}`))).toEqual([])
  })

  it('lets the exporter read lengths, but not contents', async () => {
    const program = await systemTool('prometheus-redis-exporter', {
      title: 'the Redis exporter',
      names: { 'apt-get': 'prometheus-redis-exporter' },
      service: 'prometheus-redis-exporter',
    })
    const port = await freePort()
    const url = `http://127.0.0.1:${port}/metrics`
    const server = createServer({
      name: 'the Redis exporter',
      command: program,
      args: ['-web.listen-address', `127.0.0.1:${port}`],
      env: stack.envOf('redis-exporter'),
      cwd: stack.dir,
      logPath: join(stack.dir, 'exporter.log'),
      isReady: async () => (await fetch(url)).ok,
    })
    await admin.call('ACL', 'LOG', 'RESET')
    try {
      await server.start()
      const metrics = await (await fetch(url)).text()
      expect(metrics).toMatch(/^redis_up 1$/m)
      expect(metrics).toMatch(/^redis_key_size\{.*key="\{sluice\}:in".*\} 0$/m)
      expect(await denied()).toEqual([])
    } finally {
      await server.stop()
    }
  })

  it('may do nothing else', async () => {
    const refused: Record<RedisUser, readonly string[]> = {
      runtime: [
        'GET other',
        'HSET {films}:run:1 a b',
        'FLUSHALL',
        'FLUSHDB',
        'KEYS *',
        'CONFIG GET *',
        'CONFIG SET dir /',
        'ACL LIST',
        'SHUTDOWN',
        'DEBUG SLEEP 1',
        'MONITOR',
        'REPLICAOF h 1',
        'SAVE',
        'CLIENT KILL ID 1',
        'MIGRATE h 1 k 0 1',
        'SCRIPT FLUSH',
        'FUNCTION FLUSH',
        'MODULE LOAD /x.so',
        'SUBSCRIBE other',
        'RENAME {sluice}:in {sluice}:out',
        'SWAPDB 0 1',
        'SCAN 0',
      ],
      minio: [
        'RPUSH other x',
        'RPUSH {sluice}:in2 x',
        'LRANGE {sluice}:in 0 -1',
        'LPOP {sluice}:in',
        'DEL {sluice}:in',
        'GET {sluice}:in',
        'KEYS *',
        'INFO',
        'CONFIG GET *',
        'EVAL return 0',
        'PUBLISH {sluice}:wake x',
        'FLUSHALL',
        'CLIENT LIST',
      ],
      exporter: [
        'GET {sluice}:x',
        'HGETALL {sluice}:run:1',
        'LRANGE {sluice}:in 0 -1',
        'XRANGE {sluice}:q:chunk - +',
        'DUMP {sluice}:in',
        'EVAL return 0',
        'SET {sluice}:x 1',
        'DEL {sluice}:in',
        'CONFIG SET dir /',
        'KEYS *',
        'FLUSHALL',
        'MONITOR',
        'ACL LIST',
      ],
      insight: [
        'SET {sluice}:x 1',
        'DEL {sluice}:in',
        'RPUSH {sluice}:in x',
        'HSET {sluice}:r a b',
        'GET other',
        'EVAL return 0',
        'FLUSHALL',
        'KEYS *',
        'CONFIG GET *',
        'CONFIG SET dir /',
        'ACL LIST',
        'CLIENT KILL ID 1',
        'CLIENT PAUSE 1000',
        'MONITOR',
        'SLOWLOG RESET',
        'XACK {sluice}:q:chunk g 1-1',
        'XADD {sluice}:q:chunk * a b',
        'PUBLISH {sluice}:wake x',
        'SHUTDOWN',
      ],
      health: [
        'INFO',
        'GET {sluice}:x',
        'CLIENT LIST',
        'CONFIG GET *',
        'SUBSCRIBE {sluice}:wake',
        'KEYS *',
        'EVAL return 0',
      ],
      admin: [],
    }
    const allowed: string[] = []
    for (const user of REDIS_USERS)
      for (const line of refused[user]) {
        const words = line === 'EVAL return 0' ? ['EVAL', 'return 1', '0'] : line.split(' ')
        const answer = await admin.call('ACL', 'DRYRUN', user, ...words)
        if (answer === 'OK') allowed.push(`${user}: ${line}`)
      }
    expect(allowed).toEqual([])
  })

  it('open only with their own password, and never without one', async () => {
    const opened: string[] = []
    for (const user of REDIS_USERS)
      for (const other of REDIS_USERS) {
        const redis = stack.connect(user, stack.secret(`redis-${other}`))
        const isIn = await redis.ping().then(
          () => true,
          () => false,
        )
        redis.disconnect()
        if (isIn) opened.push(`${user} by ${other}`)
      }
    expect(opened).toEqual(REDIS_USERS.map((user) => `${user} by ${user}`))
    const cli = await judge('redis-cli', ['-p', String(stack.redisPort), 'PING'])
    expect(cli.output).toContain('NOAUTH')
  })
})
