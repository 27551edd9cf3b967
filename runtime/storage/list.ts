/**
 * Our own listings: minio-js reads `0123` as a number, stops at 1,000 on special characters and cannot page versions.
 * Keys travel URL-encoded, so any key that MinIO stores comes back as it was.
 *
 * @remarks MinIO does not show a key that lies below another object's key (`a/b` while there is an object `a`), not even
 * with the prefix `a/b`, with versions or without. Only a page of one latest object with the whole key as its prefix shows
 * it: MinIO answers that one from the object itself. Measured on one drive; layout.ts avoids such keys for results, and
 * latest.ts does without the listing for uploads with such keys.
 * @module
 */
import { isStorageCode } from './errors.ts'
import { readMetadata, withPlainMetadata } from './listed-metadata.ts'
import type { Requester } from './request.ts'
import type { ListedObject, ListOptions } from './storage.ts'
import { childrenOf, parseXml, textOf, type XmlNode } from './xml.ts'

/** In the order of the keys, the versions of a key newest first. */
export async function* listObjects(
  requester: Requester,
  bucket: string,
  options: ListOptions = {},
): AsyncGenerator<ListedObject> {
  const kind = options.versions ? VERSIONS : LATEST
  const withMetadata = options.metadata === true && options.versions === true
  let marker: Readonly<Record<string, string>> | undefined =
    options.after === undefined ? {} : { [kind.afterParameter]: options.after }
  while (marker) {
    const at = marker
    const read = async (more: Readonly<Record<string, string>> = {}) => {
      const { text } = await requester.read({
        method: 'GET',
        bucket,
        query: {
          ...kind.query,
          ...more,
          'encoding-type': 'url',
          prefix: options.prefix ?? '',
          'max-keys': String(options.pageSize ?? 1_000),
          ...at,
        },
        signal: options.signal,
      })
      return parseXml(withMetadata ? withPlainMetadata(text) : text, kind.root)
    }
    const page: XmlNode = withMetadata
      ? await orWithout(() => read({ metadata: 'true' }), read)
      : await read()
    yield* kind.objects(page)
    marker = textOf(page, 'IsTruncated') === 'true' ? kind.nextMarker(page) : undefined
  }
}

/** A page with metadata, or without where that cannot be read: the caller then asks for the metadata of each object. */
async function orWithout(read: () => Promise<XmlNode>, without: () => Promise<XmlNode>): Promise<XmlNode> {
  try {
    return await read()
  } catch (error) {
    if (!isStorageCode(error, 'InvalidXml')) throw error
    return without()
  }
}

interface ListingKind {
  readonly query: Readonly<Record<string, string>>
  readonly root: string
  /** The query parameter for the key after which a listing starts. */
  readonly afterParameter: string
  readonly objects: (page: XmlNode) => readonly ListedObject[]
  /** The start of the next page, as query parameters. */
  readonly nextMarker: (page: XmlNode) => Readonly<Record<string, string>>
}

const LATEST: ListingKind = {
  query: { 'list-type': '2' },
  root: 'ListBucketResult',
  afterParameter: 'start-after',
  objects: (page) => childrenOf(page, 'Contents').map((node) => toListed(node, true, false)),
  nextMarker: (page) => ({ 'continuation-token': textOf(page, 'NextContinuationToken') }),
}

const VERSIONS: ListingKind = {
  query: { versions: '' },
  root: 'ListVersionsResult',
  afterParameter: 'key-marker',
  objects: (page) => inOrder(page),
  nextMarker: (page) => ({
    'key-marker': decodeKey(textOf(page, 'NextKeyMarker')),
    'version-id-marker': textOf(page, 'NextVersionIdMarker'),
  }),
}

/** The parser groups versions and delete markers by name; this is their order in the bucket again. */
function inOrder(page: XmlNode): readonly ListedObject[] {
  const listed = (name: string, isDeleteMarker: boolean) =>
    childrenOf(page, name).map((node) => toListed(node, textOf(node, 'IsLatest') === 'true', isDeleteMarker))
  return [...listed('Version', false), ...listed('DeleteMarker', true)].sort(
    (a, b) =>
      Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)) ||
      Number(b.isLatest) - Number(a.isLatest) ||
      b.lastModifiedMs - a.lastModifiedMs,
  )
}

function toListed(node: XmlNode, isLatest: boolean, isDeleteMarker: boolean): ListedObject {
  const versionId = textOf(node, 'VersionId')
  return {
    key: decodeKey(textOf(node, 'Key')),
    etag: textOf(node, 'ETag').replaceAll('"', ''),
    // "null" is the only version of an object in a bucket without versioning.
    ...(versionId && versionId !== 'null' ? { versionId } : {}),
    sizeBytes: Number(textOf(node, 'Size') || 0),
    lastModifiedMs: Date.parse(textOf(node, 'LastModified')),
    isLatest,
    isDeleteMarker,
    ...metadataOf(node),
  }
}

function metadataOf(node: XmlNode): Pick<ListedObject, 'metadata'> {
  const text = textOf(node, 'UserMetadata')
  return text === '' ? {} : { metadata: readMetadata(text) }
}

function decodeKey(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll('+', ' '))
}
