import { createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listenersOf } from '../helpers/listeners.ts'
import { startTestStack, type TestStack } from '../helpers/stack.ts'

const portOf = (url: string) => new URL(url).port

describe.skipIf(process.platform !== 'linux')('what the local set-up opens to others', () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await startTestStack()
  }, 180_000)
  afterAll(() => stack?.stop())

  it('is nothing: every socket is on loopback, and belongs to Redis, MinIO, its console or the API', () => {
    const listening = (name: 'redis' | 'minio' | 'runtime') => {
      const { pid } = stack[name]
      return listenersOf([pid ?? 0]).map(({ address }) => address)
    }
    const [api, s3] = [portOf(stack.apiUrl), portOf(stack.minioEndpoint)]
    expect(listening('redis')).toEqual([`127.0.0.1:${portOf(stack.redisUrl)}`])
    expect(listening('runtime')).toEqual([`127.0.0.1:${api}`])
    const minio = listening('minio')
    const others = minio.filter((address) => ![`127.0.0.1:${s3}`, `[::1]:${s3}`].includes(address))
    // Its console.
    expect(others).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+$/)])
    expect(minio).toContain(`127.0.0.1:${s3}`)
  })

  it('would be detected: a public socket is distinguished from one on loopback', async () => {
    const open = createServer()
    const port = await new Promise<number>((resolve) =>
      // Only for the duration of one check, and it answers nobody.
      open.listen(0, '::', () => resolve((open.address() as AddressInfo).port)),
    )
    try {
      const found = listenersOf([process.pid]).map(({ address }) => address)
      expect(found).toContain(`[::]:${port}`)
    } finally {
      open.close()
    }
  })
})
