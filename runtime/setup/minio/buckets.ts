/**
 * Buckets and their settings. minio-js creates them, and is loaded for that alone; rules are written as XML of our own, since
 * minio-js would drop whatever it does not know in the rules of others.
 * @module
 */
import { createHash } from 'node:crypto'
import type { Client } from 'minio'
import type { Requester } from '../../storage/request.ts'
import type { SignerOptions } from '../../storage/sign.ts'
import { parseXml, textOf } from '../../storage/xml.ts'

/** minio-js on this store. */
export async function bucketClient({ endpoint, region, credentials }: SignerOptions): Promise<Client> {
  const { Client } = await import('minio')
  const { protocol, hostname, port } = new URL(endpoint)
  const useSSL = protocol === 'https:'
  const { accessKey, secretKey } = credentials
  return new Client({
    // It refuses the brackets of an IPv6 address.
    endPoint: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (useSSL ? 443 : 80)),
    useSSL,
    accessKey,
    secretKey,
    // With a region minio-js asks nobody for it.
    region,
    pathStyle: true,
  })
}

/** @throws {StorageError} `BucketAlreadyOwnedByYou` when it exists */
export function makeBucket(requester: Requester, client: Client, bucket: string): Promise<void> {
  return calling(requester, bucket, () => client.makeBucket(bucket))
}

export async function isVersioned(requester: Requester, bucket: string): Promise<boolean> {
  const { text } = await requester.read({ method: 'GET', bucket, query: { versioning: '' } })
  return textOf(parseXml(text, 'VersioningConfiguration'), 'Status') === 'Enabled'
}

/** Whether it had to be enabled. */
export async function enableVersioning(
  requester: Requester,
  client: Client,
  bucket: string,
): Promise<boolean> {
  if (await isVersioned(requester, bucket)) return false
  await calling(requester, bucket, () => client.setBucketVersioning(bucket, { Status: 'Enabled' }))
  return true
}

/** Calls minio-js with our retries and explanations. */
function calling(requester: Requester, bucket: string, call: () => Promise<void>): Promise<void> {
  return requester.retryWrite(undefined, async () => {
    try {
      await call()
    } catch (error) {
      throw requester.explain(error, { method: 'PUT', bucket })
    }
  })
}

/** @param query - names the setting, such as `{ lifecycle: '' }` */
export async function writeSetting(
  requester: Requester,
  bucket: string,
  query: Readonly<Record<string, string>>,
  xml: string,
): Promise<void> {
  const bytes = Buffer.from(xml)
  const headers = { 'content-md5': createHash('md5').update(bytes).digest('base64') }
  await requester.read({ method: 'PUT', bucket, query, body: { bytes }, headers })
}
