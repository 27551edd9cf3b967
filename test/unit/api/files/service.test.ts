import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createFileService } from '../../../../runtime/api/files/service.ts'
import { defineFunction } from '../../../../runtime/function/definition.ts'
import type { ObjectHead } from '../../../../runtime/storage/storage.ts'

const HEAD: ObjectHead = {
  etag: 'e',
  sizeBytes: 1,
  lastModifiedMs: 0,
  contentType: 'video/mp4',
  metadata: {},
}
const cut = defineFunction(
  { name: 'cut', version: '1', on: { bucket: 'incoming' }, output: { bucket: 'metadata' } },
  (c) => c.json({}),
)

/** Over a store that has every object, so that only the service refuses one. */
async function statusOf(bucket: string, key: string): Promise<number | string> {
  const files = createFileService({
    storage: {
      head: () => Promise.resolve(HEAD),
      get: () => Promise.resolve({ head: HEAD, body: Readable.from(['x']) }),
    },
    functions: [cut],
  })
  const request = {
    method: 'GET',
    range: undefined,
    ifNoneMatch: undefined,
    signal: AbortSignal.timeout(5_000),
  }
  try {
    return (await files.send({ bucket, key, role: 'reader', isSaved: false }, request)).status
  } catch (error) {
    return (error as { kind?: string }).kind ?? String(error)
  }
}

describe('a file', () => {
  it('is sent when it is a result', async () => {
    expect(await statusOf('metadata', 'a.mp4/cut/manifest.json')).toBe(200)
  })

  // MinIO takes a slash at the beginning away, and reads what is left.
  it.each([
    '~sluice/streams/cam1.json',
    '/~sluice/streams/cam1.json',
    '/a/../~sluice/cut.json',
    'a//b',
    '..',
  ])("%s is not sent: it is the runtime's own, or MinIO reads the key as another one", async (key) => {
    expect(await statusOf('metadata', key)).toBe('not-found')
  })
})
