/** A separate MinIO with the buckets that a test names, and a Storage on it. @module */
import { afterAll, beforeAll } from 'vitest'
import { createStorage } from '../../runtime/storage/client.ts'
import { createRequester, type Requester, type RequesterOptions } from '../../runtime/storage/request.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { startTestMinio, type TestMinio } from './servers.ts'

export interface TestStore {
  readonly minio: TestMinio
  /** With root's credentials, as everything here. */
  readonly options: RequesterOptions
  readonly requester: Requester
  readonly storage: Storage
  stop(): Promise<void>
}

const VERSIONING = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'

interface Buckets {
  readonly plain?: readonly string[]
  readonly versioned?: readonly string[]
}

/** For one file. Read the fields inside tests. */
export function useStore(buckets: Buckets): Omit<TestStore, 'stop'> {
  const used = {} as TestStore
  beforeAll(async () => void Object.assign(used, await startTestStore(buckets)))
  afterAll(() => used.stop?.())
  return used
}

export async function startTestStore(buckets: Buckets): Promise<TestStore> {
  const minio = await startTestMinio()
  const credentials = { accessKey: minio.rootUser, secretKey: minio.rootPassword }
  const options = { endpoint: minio.endpoint, region: 'us-east-1', credentials }
  const [requester, storage] = [createRequester(options), createStorage(options)]
  const { plain = [], versioned = [] } = buckets
  for (const bucket of [...plain, ...versioned]) await requester.read({ method: 'PUT', bucket })
  for (const bucket of versioned) {
    const body = { bytes: Buffer.from(VERSIONING) }
    await requester.read({ method: 'PUT', bucket, query: { versioning: '' }, body })
  }
  const stop = async () => {
    requester.close()
    storage.close()
    await minio.stop()
  }
  return { minio, options, requester, storage, stop }
}
