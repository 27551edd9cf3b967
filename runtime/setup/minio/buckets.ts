/** Settings of a bucket: versions, and how any of them is written. @module */
import { createHash } from 'node:crypto'
import type { Requester } from '../../storage/request.ts'
import { parseXml, textOf } from '../../storage/xml.ts'

export async function isVersioned(requester: Requester, bucket: string): Promise<boolean> {
  const { text } = await requester.read({ method: 'GET', bucket, query: { versioning: '' } })
  return textOf(parseXml(text, 'VersioningConfiguration'), 'Status') === 'Enabled'
}

/** Whether it had to be enabled. */
export async function enableVersioning(requester: Requester, bucket: string): Promise<boolean> {
  if (await isVersioned(requester, bucket)) return false
  const xml = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
  await writeSetting(requester, bucket, { versioning: '' }, xml)
  return true
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
