/** The commands of docs/when-done.md: MinIO's own webhook notifies another program of each result. */
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createMc, type Mc } from '../../infra/local/programs/mc.ts'
import { startTestMinio, type TestMinio } from '../helpers/servers.ts'
import { waitFor } from '../helpers/wait.ts'

const told: string[] = []
const server = createServer((request, response) => {
  void text(request).then((body) => {
    const { Key = '' } = (body === '' ? {} : JSON.parse(body)) as { Key?: string }
    if (Key !== '') told.push(Key)
    response.end()
  })
})
let minio: TestMinio
let mc: Mc

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  minio = await startTestMinio()
  mc = createMc(minio.mcPath, join(minio.dir, 'mc'))
  await mc.setAlias('root', minio.endpoint, { accessKey: minio.rootUser, secretKey: minio.rootPassword })
  await mc.run('mb', 'root/processed')
})

afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await minio.stop()
})

it('calls the webhook once for each manifest, and for no other file of a result', async () => {
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/done`
  const queueDir = join(minio.dir, 'done-queue')
  await mc.run(
    'admin',
    'config',
    'set',
    'root',
    'notify_webhook:done',
    `endpoint=${endpoint}`,
    `queue_dir=${queueDir}`,
  )
  await mc.run('admin', 'service', 'restart', 'root', '--json')
  await waitFor(
    () =>
      mc
        .run(
          'event',
          'add',
          'root/processed',
          'arn:minio:sqs::done:webhook',
          '--event',
          'put',
          '--suffix',
          '/manifest.json',
        )
        .then(() => true),
    {
      timeoutMs: 60_000,
      what: 'MinIO to know the webhook',
    },
  )
  const file = join(minio.dir, 'file')
  await writeFile(file, '{}')
  for (const key of [
    'a.mp4/chunk/~01/chunk-00000.mp4',
    'a.mp4/chunk/manifest.json',
    'b.mp4/chunk/manifest.json',
  ]) {
    await mc.run('cp', file, `root/processed/${key}`)
  }
  await waitFor(async () => told.length >= 2, { timeoutMs: 60_000, what: 'two calls' })
  expect(new Set(told)).toEqual(
    new Set(['processed/a.mp4/chunk/manifest.json', 'processed/b.mp4/chunk/manifest.json']),
  )
})
