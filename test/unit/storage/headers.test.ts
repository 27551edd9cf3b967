import { describe, expect, it } from 'vitest'
import { parseHead } from '../../../runtime/storage/headers.ts'

const HEADERS = {
  etag: '"5d41402abc4b2a76b9719d911017c592"',
  'content-length': '5',
  'content-type': 'video/mp4',
  'last-modified': 'Mon, 23 Nov 2026 13:33:48 GMT',
  'x-amz-version-id': '97381646-d3d9-4027-bb2a-57a946843883',
  'x-amz-meta-seconds': '4',
}

describe('parseHead', () => {
  it('reads MinIO’s description of an object', () => {
    expect(parseHead(HEADERS)).toEqual({
      etag: '5d41402abc4b2a76b9719d911017c592',
      sizeBytes: 5,
      contentType: 'video/mp4',
      lastModifiedMs: Date.UTC(2026, 10, 23, 13, 33, 48),
      versionId: '97381646-d3d9-4027-bb2a-57a946843883',
      metadata: { seconds: '4' },
    })
  })

  it('knows the size of the whole object also from the answer to a range', () => {
    const range = { ...HEADERS, 'content-range': 'bytes 5-9/1234' }
    expect(parseHead(range).sizeBytes).toBe(1234)
  })

  it.each(['null', ''])('takes the version id "%s" as no version', (versionId) => {
    expect(parseHead({ ...HEADERS, 'x-amz-version-id': versionId })).not.toHaveProperty('versionId')
  })

  it('reads metadata in UTF-8, and leaves other bytes unchanged', () => {
    const latin1 = (value: string) => Buffer.from(value, 'utf8').toString('latin1')
    expect(parseHead({ ...HEADERS, 'x-amz-meta-seconds': latin1('Grüße 🎬') }).metadata).toEqual({
      seconds: 'Grüße 🎬',
    })
    expect(parseHead({ ...HEADERS, 'x-amz-meta-seconds': 'caf\u00e9' }).metadata).toEqual({ seconds: 'café' })
  })

  it('has the checksum in hex, and none for a multipart upload', () => {
    const checksum = 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ='
    expect(parseHead({ ...HEADERS, 'x-amz-checksum-sha256': checksum }).sha256Hex).toBe(
      '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
    )
    expect(parseHead({ ...HEADERS, 'x-amz-checksum-sha256': `${checksum}-3` })).not.toHaveProperty(
      'sha256Hex',
    )
  })
})
