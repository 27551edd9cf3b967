/** Uploads that never come to their end start nothing; the ones that do start one run. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { Client } from 'minio'
import { beforeAll, expect, it } from 'vitest'
import { useStack } from '../helpers/runs.ts'
import { random } from '../helpers/seed.ts'
import { waitFor } from '../helpers/wait.ts'

const MIB = 1024 * 1024
const used = useStack({})
const dice = random('uploads-partial')
let client: Client

beforeAll(() => {
  const { minioEndpoint, credentials } = used.stack
  const { hostname, port } = new URL(minioEndpoint)
  const { accessKey, secretKey } = credentials.uploader
  client = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey,
    secretKey,
    region: 'us-east-1',
  })
})

/** Runs of these keys, when everything that MinIO had to say has been heard: it announces in its order. */
async function runsOf(keys: readonly string[], marker: string): Promise<number[]> {
  await used.runs.put(marker, 'x')
  // The second copy comes by the queue folder, behind whatever was put there before.
  await waitFor(async () => (await used.runs.of(marker))[0]?.copies === 2, {
    timeoutMs: 30_000,
    what: 'both announcements of the marker',
  })
  return Promise.all(keys.map(async (key) => (await used.runs.of(key)).length))
}

async function uploadPart(key: string, uploadId: string, partNumber: number, body: Buffer) {
  const { etag } = await client.uploadPart(
    {
      bucketName: 'incoming',
      objectName: key,
      uploadID: uploadId,
      partNumber,
      headers: {},
    },
    body,
  )
  return { part: partNumber, etag }
}

/** Sends the head of a PUT and the beginning of its body; then the client is gone. */
async function breakOff(key: string, sentBytes: number, promisedBytes: number): Promise<void> {
  const url = new URL(await used.stack.storage.presignPut('incoming', key, 60))
  const socket = connect(Number(url.port), url.hostname)
  await once(socket, 'connect')
  const head = `PUT ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: ${promisedBytes}\r\n\r\n`
  await new Promise((resolve) =>
    socket.write(Buffer.concat([Buffer.from(head), randomBytes(sentBytes)]), resolve),
  )
  socket.resetAndDestroy()
}

it('a multipart upload starts its run when it is completed: not before, not when it is aborted, and only one', async () => {
  const [kept, aborted, left] = ['echo/multipart.bin', 'echo/aborted.bin', 'echo/left.bin']
  const bodies = [Buffer.alloc(5 * MIB, 'a'), Buffer.alloc(dice.below(MIB), 'b')]
  const ids = new Map<string, string>()
  const parts: { part: number; etag: string }[] = []
  for (const key of [kept, aborted, left]) {
    const id = await client.initiateNewMultipartUpload('incoming', key, {})
    ids.set(key, id)
    for (const [index, body] of bodies.entries()) {
      const part = await uploadPart(key, id, index + 1, body)
      if (key === kept) parts.push(part)
    }
  }
  await client.abortMultipartUpload('incoming', aborted, ids.get(aborted) ?? '')
  expect(await runsOf([kept, aborted, left], 'echo/marker-1.txt')).toEqual([0, 0, 0])

  await client.completeMultipartUpload('incoming', kept, ids.get(kept) ?? '', parts)
  const run = await used.runs.reached(kept, 'succeeded')
  expect(run.payload.sizeBytes).toBe(bodies.reduce((sum, body) => sum + body.length, 0))
  expect(await runsOf([kept, aborted, left], 'echo/marker-2.txt')).toEqual([1, 0, 0])
  await used.runs.assertWhole('echo', kept)
})

it('a client that dies in the middle of a PUT starts nothing; its second, whole try starts one run', async () => {
  const keys = Array.from({ length: 8 }, (_, index) => `echo/broken-${index}.bin`)
  for (const key of keys) await breakOff(key, dice.below(2 * MIB), 2 * MIB + 1)
  expect(await runsOf(keys, 'echo/marker-3.txt')).toEqual(keys.map(() => 0))
  for (const key of keys) expect(await used.stack.storage.head('incoming', key)).toBeUndefined()

  for (const key of keys) await used.runs.put(key, 'whole')
  for (const key of keys) await used.runs.reached(key, 'succeeded')
  expect(await runsOf(keys, 'echo/marker-4.txt')).toEqual(keys.map(() => 1))
})

it('mc, killed while it uploads in parts, starts nothing', async () => {
  const key = 'echo/killed-mc.bin'
  const { mc } = used.stack
  const child = spawn(mc.program, ['--config-dir', mc.configDir, 'pipe', `sluice/incoming/${key}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const ended = once(child, 'exit')
  child.stdin.on('error', () => undefined)
  // Its parts have 16 MiB; the first one is on its way when MinIO knows of the upload.
  child.stdin.write(randomBytes(24 * MIB))
  const root = used.stack.credentials.root
  const { hostname, port } = new URL(used.stack.minioEndpoint)
  const asRoot = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    ...root,
    region: 'us-east-1',
  })
  await waitFor(async () => (await asRoot.findUploadId('incoming', key)) !== undefined, {
    timeoutMs: 30_000,
    what: 'the upload of mc to have begun',
  })
  child.kill('SIGKILL')
  await ended
  expect(await runsOf([key], 'echo/marker-5.txt')).toEqual([0])
  expect(await used.stack.storage.head('incoming', key)).toBeUndefined()
})
