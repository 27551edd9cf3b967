import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createStorage } from '../../runtime/storage/client.ts'
import type { FunctionBuckets } from '../../runtime/setup/minio/policies.ts'
import { provision, type ProvisionOptions } from '../../runtime/setup/minio/provision.ts'
import { createRequester, type Requester } from '../../runtime/storage/request.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { readWatermarkMs } from '../../runtime/records/watermark.ts'
import { listed } from '../helpers/listed.ts'
import { startTestMinio, startTestRedis, type TestMinio, type TestRedis } from '../helpers/servers.ts'
import { waitFor } from '../helpers/wait.ts'
import { findLeaked } from '../leaked-processes.ts'

const FUNCTIONS: readonly FunctionBuckets[] = [
  { name: 'chunk', bucket: 'incoming', outputBucket: 'processed' },
  { name: 'probe', bucket: 'incoming', outputBucket: 'metadata' },
  { name: 'camera', bucket: 'camera', outputBucket: 'processed' },
]
const RUNTIME = { accessKey: 'runtime', secretKey: 'se/c"r@et+k:ey \\$x' }
const STREAMS = { accessKey: 'streams', secretKey: 'streams-secret' }
const UPLOADER = { accessKey: 'uploader', secretKey: 'uploader-secret' }
const REGION = 'us-east-1'
const PLAIN = { contentType: 'text/plain' }
const body = { bytes: Buffer.from('x') }

let redis: TestRedis
let minio: TestMinio
let requester: Requester
let root: Storage
let runtime: Storage
let uploader: Storage
let streams: Storage
let options: ProvisionOptions
let firstChanges: readonly string[]

beforeAll(async () => {
  redis = await startTestRedis()
  minio = await startTestMinio({ redisPort: redis.port })
  const rootCredentials = { accessKey: minio.rootUser, secretKey: minio.rootPassword }
  const endpoint = { endpoint: minio.endpoint, region: REGION }
  options = {
    ...endpoint,
    rootCredentials,
    functions: FUNCTIONS,
    name: 'sluice',
    redisUrl: redis.url,
    isStrictEvents: false,
    users: { mcPath: minio.mcPath, runtime: RUNTIME, uploader: UPLOADER, streams: STREAMS },
  }
  requester = createRequester({ ...endpoint, credentials: rootCredentials })
  root = createStorage({ ...endpoint, credentials: rootCredentials })
  await requester.read({ method: 'PUT', bucket: 'incoming' })
  await configure('incoming', 'notification', FOREIGN_EVENTS)
  await configure('incoming', 'lifecycle', FOREIGN_LIFECYCLE)
  firstChanges = await provision(options)
  runtime = createStorage({ ...endpoint, credentials: RUNTIME })
  uploader = createStorage({ ...endpoint, credentials: UPLOADER })
  streams = createStorage({ ...endpoint, credentials: STREAMS })
})

afterAll(async () => {
  for (const client of [requester, root, runtime, uploader, streams]) client.close()
  await minio.stop()
  await redis.stop()
})

const FOREIGN_RULE =
  '<QueueConfiguration><Id>theirs</Id><Filter><S3Key><FilterRule><Name>prefix</Name><Value>a&amp;b/</Value></FilterRule></S3Key></Filter><Event>s3:ObjectAccessed:Get</Event><Queue>arn:minio:sqs::DURABLE:redis</Queue></QueueConfiguration>'
const FOREIGN_EVENTS = `<NotificationConfiguration>${FOREIGN_RULE}</NotificationConfiguration>`
const FOREIGN_LIFECYCLE =
  '<LifecycleConfiguration><Rule><ID>theirs</ID><Status>Enabled</Status><Filter><Prefix>a&amp;b/</Prefix></Filter><Expiration><Days>3</Days></Expiration></Rule></LifecycleConfiguration>'

async function configure(bucket: string, what: string, xml: string): Promise<void> {
  const bytes = Buffer.from(xml)
  const headers = { 'content-md5': createHash('md5').update(bytes).digest('base64') }
  await requester.read({ method: 'PUT', bucket, query: { [what]: '' }, body: { bytes }, headers })
}

async function configuration(bucket: string, what: string): Promise<string> {
  return (await requester.read({ method: 'GET', bucket, query: { [what]: '' } })).text
}

describe('set-up', () => {
  it('creates every bucket, versioned except the temporary one, with its lifecycle', async () => {
    for (const bucket of ['incoming', 'processed', 'metadata', 'camera']) {
      expect(await configuration(bucket, 'versioning')).toContain('<Status>Enabled</Status>')
      expect(await configuration(bucket, 'lifecycle')).toContain('<NoncurrentDays>30</NoncurrentDays>')
    }
    expect(await configuration('temporary', 'versioning')).not.toContain('Enabled')
    expect(await configuration('temporary', 'lifecycle')).toContain('<Days>1</Days>')
  })

  it('keeps the rules that others made, for events and for the lifecycle', async () => {
    expect(await configuration('incoming', 'notification')).toContain(FOREIGN_RULE)
    expect(await configuration('incoming', 'lifecycle')).toContain('<Prefix>a&amp;b/</Prefix>')
  })

  it('changes nothing when it runs again, neither rules nor watermarks', async () => {
    const state = async () => [
      await configuration('incoming', 'notification'),
      await configuration('incoming', 'lifecycle'),
      await listed(root.list('metadata', { prefix: '~sluice/', versions: true })),
    ]
    const before = await state()
    expect(await provision(options)).toEqual([])
    expect(await state()).toEqual(before)
    expect(firstChanges.length).toBeGreaterThan(10)
  })

  it('runs twice at the same time without harm', async () => {
    await Promise.all([provision(options), provision(options)])
    expect(await provision(options)).toEqual([])
  })

  it('sets a watermark for each function, also for one that is added later', async () => {
    const chunkMs = await readWatermarkMs(root, 'chunk')
    expect(Math.abs((chunkMs ?? 0) - Date.now())).toBeLessThan(60_000)
    expect(await readWatermarkMs(root, 'poster')).toBeUndefined()
    const poster = { name: 'poster', bucket: 'incoming', outputBucket: 'processed' }
    expect(await provision({ ...options, functions: [...FUNCTIONS, poster] })).toEqual([
      'set the watermark of function "poster"',
    ])
    expect(await readWatermarkMs(root, 'chunk')).toBe(chunkMs)
  })

  it('unbinds the fast target when events become strict, and binds it again', async () => {
    expect(await provision({ ...options, isStrictEvents: true })).toContain(
      'bound the events of bucket "incoming"',
    )
    expect(await configuration('incoming', 'notification')).not.toContain('FAST')
    await provision(options)
    expect(await configuration('incoming', 'notification')).toContain('FAST')
  })

  it('brings an outdated rule of ours up to date', async () => {
    const current = await configuration('incoming', 'notification')
    await configure(
      'incoming',
      'notification',
      current.replaceAll('<Event>s3:ObjectCreated:Post</Event>', ''),
    )
    expect(await provision(options)).toEqual(['bound the events of bucket "incoming"'])
    expect((await configuration('incoming', 'notification')).match(/ObjectCreated:Post/g)).toHaveLength(2)
  })

  it('adds no rule that deletes in a bucket that existed before', async () => {
    await requester.read({ method: 'PUT', bucket: 'archive' })
    const archive = { name: 'archive', bucket: 'archive', outputBucket: 'processed' }
    await provision({ ...options, functions: [...FUNCTIONS, archive] })
    await expect(configuration('archive', 'lifecycle')).rejects.toMatchObject({
      code: 'NoSuchLifecycleConfiguration',
    })
    expect(await configuration('archive', 'notification')).toContain('DURABLE')
  })

  it('leaves no folder with credentials behind, also when it fails', async () => {
    const [before, dir] = [process.env['TMPDIR'], await mkdtemp(join(tmpdir(), 'sluice-provision-'))]
    process.env['TMPDIR'] = dir
    await provision(options)
    const refused = { mcPath: minio.mcPath, runtime: { accessKey: 'someone', secretKey: 'short' } }
    await expect(provision({ ...options, users: refused })).rejects.toThrow(/user add/)
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
    expect(await readdir(dir)).toEqual([])
    await rm(dir, { recursive: true })
  })

  it('leaves no folder with credentials behind when it is killed', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'sluice-killed-'))
    // A MinIO that does not answer while the set-up lives, and refuses what its mc asks afterwards.
    let isHung = true
    const hung = createServer((_, response) => void (isHung || response.writeHead(403).end()))
    hung.listen(0, '127.0.0.1')
    await once(hung, 'listening')
    const { port } = hung.address() as AddressInfo
    const call = JSON.stringify([
      { mcPath: minio.mcPath, endpoint: `http://127.0.0.1:${port}`, rootCredentials: RUNTIME },
      [{ credentials: UPLOADER, policyName: 'p', policy: {} }],
    ])
    const users = new URL('../../runtime/setup/minio/provision.ts', import.meta.url).href
    const script = `const { createUsers } = await import('${users}'); await createUsers(...${call})`
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const) {
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
        env: { ...process.env, TMPDIR: dir },
        stdio: 'inherit',
      })
      const asked = once(hung, 'request')
      const folders = async () => (await readdir(dir)).filter((name) => name.startsWith('sluice-mc-'))
      await asked
      expect(await readdir(join(dir, (await folders())[0] ?? ''))).toContain('config.json')
      child.kill(signal)
      await once(child, 'close')
      await waitFor(async () => (await folders()).length === 0, { timeoutMs: 10_000, what: 'its removal' })
      isHung = false
      hung.closeAllConnections()
      await waitFor(async () => (await findLeaked(dir)).length === 0, {
        timeoutMs: 10_000,
        what: 'end of mc',
      })
      expect(await folders()).toEqual([])
      isHung = true
    }
    hung.close()
    await rm(dir, { recursive: true })
  })
})

describe('the user of the runtime', () => {
  it('reads and lists uploads with their versions', async () => {
    await root.put('incoming', 'read', body, PLAIN)
    const [version] = await listed(runtime.list('incoming', { prefix: 'read', versions: true }))
    expect(await runtime.readText('incoming', 'read', { versionId: version?.versionId ?? '' })).toMatchObject(
      { text: 'x' },
    )
    expect(await runtime.head('incoming', 'missing')).toBeUndefined()
    await runtime.check(['incoming', 'processed', 'metadata', 'temporary', 'camera'])
  })

  it('cannot write or delete uploads', async () => {
    await expect(runtime.put('incoming', 'write', body, PLAIN)).rejects.toMatchObject({
      code: 'AccessDenied',
    })
    await expect(runtime.remove('incoming', 'read')).rejects.toMatchObject({ code: 'AccessDenied' })
  })

  it.each(['processed', 'metadata', 'temporary'])(
    'writes, reads, lists and deletes in %s, versions too',
    async (bucket) => {
      await runtime.put(bucket, 'own', body, { ...PLAIN, ifNoneMatch: '*' })
      expect(await runtime.readText(bucket, 'own')).toMatchObject({ text: 'x' })
      for (const { key, versionId } of await listed(
        runtime.list(bucket, { prefix: 'own', versions: true }),
      )) {
        await runtime.remove(bucket, key, versionId === undefined ? {} : { versionId })
      }
      expect(await listed(root.list(bucket, { prefix: 'own', versions: true }))).toEqual([])
    },
  )

  it('cannot touch other buckets, nor the settings of a bucket', async () => {
    await requester.read({ method: 'PUT', bucket: 'foreign' })
    await expect(runtime.head('foreign', 'x')).rejects.toMatchObject({ code: 'AccessDenied' })
    await expect(listed(runtime.list('foreign'))).rejects.toMatchObject({ code: 'AccessDenied' })
    await expect(provision({ ...options, rootCredentials: RUNTIME })).rejects.toThrow(/./)
  })
})

describe('the user of uploaders', () => {
  it('writes uploads, also with mc and in parts, and reads results', async () => {
    await uploader.put('incoming', 'dropped', body, PLAIN)
    await root.put('processed', 'result', body, PLAIN)
    expect(await uploader.readText('processed', 'result')).toMatchObject({ text: 'x' })
    await root.put('metadata', 'verdict', body, PLAIN)
    expect(await uploader.readText('metadata', 'verdict')).toMatchObject({ text: 'x' })
    expect((await listed(uploader.list('processed', { prefix: 'result' }))).length).toBe(1)
    const dir = await mkdtemp(join(tmpdir(), 'sluice-uploader-'))
    await writeFile(join(dir, 'large.bin'), Buffer.alloc(20 * 1024 * 1024))
    const host = minio.endpoint.replace('://', `://${UPLOADER.accessKey}:${UPLOADER.secretKey}@`)
    expect(await mc(dir, host, ['cp', join(dir, 'large.bin'), 'up/incoming/large.bin'])).toBe(0)
    expect(await mc(dir, host, ['cp', 'up/processed/result', join(dir, 'result')])).toBe(0)
    await rm(dir, { recursive: true })
  })

  it('cannot read uploads, nor see what is internal, nor write or delete results', async () => {
    const denied = { code: 'AccessDenied' }
    await expect(uploader.head('incoming', 'dropped')).rejects.toMatchObject(denied)
    await expect(uploader.remove('incoming', 'dropped')).rejects.toMatchObject(denied)
    await expect(uploader.readText('metadata', '~sluice/chunk.json')).rejects.toMatchObject(denied)
    await expect(uploader.put('metadata', 'forged', body, PLAIN)).rejects.toMatchObject(denied)
    await expect(listed(uploader.list('temporary'))).rejects.toMatchObject(denied)
    await expect(uploader.put('processed', 'forged', body, PLAIN)).rejects.toMatchObject(denied)
    await expect(uploader.put('temporary', 'forged', body, PLAIN)).rejects.toMatchObject(denied)
    await expect(uploader.remove('processed', 'result')).rejects.toMatchObject(denied)
  })
})

describe('the user of reception', () => {
  const denied = { code: 'AccessDenied' }
  const piece = 'streams/cam1/20261129T221841Z-ba02e7/001-000000.ts'
  const playlist = 'streams/cam1/20261129T221841Z-ba02e7/live.m3u8'

  it('writes pieces and playlists, reads them back, and lists a session with its versions', async () => {
    for (const [bucket, key] of [
      ['incoming', piece],
      ['processed', playlist],
    ] as const) {
      await streams.put(bucket, key, body, { ...PLAIN, ifNoneMatch: '*' })
      expect(await streams.readText(bucket, key)).toMatchObject({ text: 'x' })
      const prefix = 'streams/cam1/20261129T221841Z-ba02e7/'
      for (const versions of [false, true])
        expect((await listed(streams.list(bucket, { prefix, versions }))).map((entry) => entry.key)).toEqual([
          key,
        ])
      expect(await streams.head(bucket, `${prefix}missing`)).toBeUndefined()
    }
  })

  it('removes a version of a playlist, which leaves no delete marker, but no playlist and no piece', async () => {
    await streams.put('processed', playlist, body, PLAIN)
    const versions = () => listed(root.list('processed', { prefix: playlist, versions: true }))
    const [newest, replaced] = await versions()
    await streams.remove('processed', playlist, { versionId: replaced?.versionId as string })
    expect(await versions()).toEqual([newest])
    await expect(streams.remove('processed', playlist)).rejects.toMatchObject(denied)
    const [stored] = await listed(root.list('incoming', { prefix: piece, versions: true }))
    await expect(streams.remove('incoming', piece)).rejects.toMatchObject(denied)
    await expect(
      streams.remove('incoming', piece, { versionId: stored?.versionId as string }),
    ).rejects.toMatchObject(denied)
  })

  it('reads what was asked of streams, and cannot change it', async () => {
    await root.put('metadata', '~sluice/streams/cam1.json', body, PLAIN)
    expect(await streams.readText('metadata', '~sluice/streams/cam1.json')).toMatchObject({ text: 'x' })
    expect((await listed(streams.list('metadata', { prefix: '~sluice/streams/' }))).length).toBe(1)
    await expect(streams.put('metadata', '~sluice/streams/cam1.json', body, PLAIN)).rejects.toMatchObject(
      denied,
    )
    await expect(streams.readText('metadata', '~sluice/chunk.json')).rejects.toMatchObject(denied)
    await expect(listed(streams.list('metadata', { prefix: '~sluice/' }))).rejects.toMatchObject(denied)
  })

  it('sees and touches nothing else, and nobody else writes pieces', async () => {
    for (const bucket of ['incoming', 'processed']) {
      for (const prefix of ['', 'st', 'other/'])
        await expect(listed(streams.list(bucket, { prefix }))).rejects.toMatchObject(denied)
      await expect(streams.put(bucket, 'a.mp4', body, PLAIN)).rejects.toMatchObject(denied)
      await expect(streams.head(bucket, 'a.mp4')).rejects.toMatchObject(denied)
    }
    for (const bucket of ['metadata', 'temporary', 'camera'])
      await expect(streams.put(bucket, 'streams/cam1/x', body, PLAIN)).rejects.toMatchObject(denied)
    await expect(uploader.put('incoming', piece, body, PLAIN)).rejects.toMatchObject(denied)
    await expect(runtime.put('incoming', piece, body, PLAIN)).rejects.toMatchObject(denied)
  })
})

describe('errors are reported', () => {
  it('wrong root credentials', async () => {
    const wrong = { ...options, rootCredentials: { accessKey: minio.rootUser, secretKey: 'not-the-secret' } }
    await expect(provision(wrong)).rejects.toThrow(/MINIO_ROOT_USER.*refuses them \(SignatureDoesNotMatch\)/)
    const unknown = { ...options, rootCredentials: { accessKey: 'nobody', secretKey: 'not-the-secret' } }
    await expect(provision(unknown)).rejects.toThrow(/MINIO_ROOT_USER.*refuses them \(InvalidAccessKeyId\)/)
  })

  it('a MinIO without our targets, with the lines that it must be started with', async () => {
    const bare = await startTestMinio()
    const failed = provision({ ...options, endpoint: bare.endpoint })
    await expect(failed).rejects.toMatchObject({ name: 'ConfigError' })
    await expect(failed).rejects.toThrow(`MINIO_NOTIFY_REDIS_ADDRESS_FAST=127.0.0.1:${redis.port}`)
    await expect(failed).rejects.toThrow('MINIO_NOTIFY_REDIS_KEY_DURABLE={sluice}:in')
    await bare.stop()
    await expect(provision({ ...options, endpoint: bare.endpoint })).rejects.toThrow(
      /ECONNREFUSED.*is MinIO running there/,
    )
  })

  it('an invalid bucket name, with the function that uses it', async () => {
    const functions = [{ name: 'odd', bucket: 'No_Bucket', outputBucket: 'processed' }]
    await expect(provision({ ...options, functions })).rejects.toThrow(
      /function "odd": "No_Bucket" is not a valid bucket name/,
    )
  })

  it('a secret that MinIO does not accept, without showing it', async () => {
    const users = { mcPath: minio.mcPath, runtime: { accessKey: 'someone', secretKey: 'tooshrt' } }
    const failed = provision({ ...options, users })
    await expect(failed).rejects.toThrow(/user add.*secret key length/)
    await expect(failed).rejects.not.toThrow('tooshrt')
  })

  it('a missing mc, and a user that is root', async () => {
    const missing = { mcPath: '/nowhere/mc', runtime: RUNTIME }
    await expect(provision({ ...options, users: missing })).rejects.toThrow(/mc admin.*ENOENT/)
    const users = { mcPath: minio.mcPath, runtime: options.rootCredentials }
    await expect(provision({ ...options, users })).rejects.toThrow(/one of them is the root user/)
  })
})

function mc(dir: string, host: string, args: readonly string[]): Promise<number | null> {
  const child = spawn(minio.mcPath, ['--quiet', ...args], {
    env: { HOME: dir, MC_CONFIG_DIR: join(dir, 'mc'), MC_HOST_up: host },
    stdio: 'ignore',
  })
  return new Promise((resolve, reject) => child.once('close', resolve).once('error', reject))
}
