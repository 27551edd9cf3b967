/**
 * Metadata in a page of a listing. MinIO writes their names as names of elements, and XML does not allow many of the names that HTTP allows: with an
 * apostrophe in one, the parser takes what follows for a part of it, and an uploader could hide the keys behind its own. So they are read by
 * themselves, before the page is parsed. Pure.
 *
 * Values have no `<` in them, since MinIO escapes it, and neither `<` nor `>` nor `/` can be in a name of HTTP.
 * @module
 */
import { decodeEntities } from './xml.ts'

const METADATA = /<UserMetadata>([^]*?)<\/UserMetadata>/g
const ENTRY = /<([^<>/]+)>([^<]*)<\/\1>/g

/** The page with the metadata of each version as text that {@link readMetadata} reads. */
export function withPlainMetadata(page: string): string {
  return page.replace(METADATA, (_all, inner: string) => {
    const entries = [...inner.matchAll(ENTRY)].map(([, name = '', value = '']) => [
      name,
      decodeEntities(value),
    ])
    return `<UserMetadata>${encodeURIComponent(JSON.stringify(entries))}</UserMetadata>`
  })
}

export function readMetadata(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(JSON.parse(decodeURIComponent(text)) as [string, string][])
}
