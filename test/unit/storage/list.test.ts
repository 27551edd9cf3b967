import { expect, it } from 'vitest'
import { listObjects } from '../../../runtime/storage/list.ts'
import type { Requester, StoreRequest } from '../../../runtime/storage/request.ts'
import { listed } from '../../helpers/listed.ts'

/** As MinIO writes them: names of metadata become names of elements, whatever XML says of those. */
const ODD_NAMES = [
  'A!b',
  "A'b",
  'A&b',
  'A#b',
  'A$b',
  'A%b',
  'A*b',
  'A^b',
  'A`b',
  'A|b',
  'A~b',
  '1',
  '-',
  '.',
  '__proto__',
]

const pageOf = (metadata: string) => `<?xml version="1.0" encoding="UTF-8"?>
<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>incoming</Name><IsTruncated>false</IsTruncated>
<Version><Key>a+b.mp4</Key><VersionId>v1</VersionId><IsLatest>true</IsLatest><LastModified>2026-11-30T17:00:00.000Z</LastModified><ETag>"e"</ETag><Size>5</Size>${metadata}</Version>
<Version><Key>b.mp4</Key><VersionId>v2</VersionId><IsLatest>true</IsLatest><LastModified>2026-11-30T17:00:00.000Z</LastModified><ETag>"e"</ETag><Size>6</Size></Version></ListVersionsResult>`

function requesterOf(answer: (query: StoreRequest['query']) => string) {
  const asked: StoreRequest['query'][] = []
  const read = ({ query }: StoreRequest) => {
    asked.push(query)
    return Promise.resolve({ text: answer(query) })
  }
  return { requester: { read } as unknown as Requester, asked }
}

it('reads the metadata of each version, whatever its names, and does not have those of a version that has none', async () => {
  const odd = ODD_NAMES.map((name) => `<X-Amz-Meta-${name}>&lt;a&gt;&amp;&#34;</X-Amz-Meta-${name}>`).join('')
  const metadata = `<UserMetadata><X-Amz-Meta-Make>hls,poster</X-Amz-Meta-Make>${odd}<content-type>video/mp4</content-type></UserMetadata><UserTags></UserTags>`
  const { requester, asked } = requesterOf(() => pageOf(metadata))
  const [first, second] = await listed(listObjects(requester, 'incoming', { versions: true, metadata: true }))
  expect(first).toMatchObject({ key: 'a b.mp4', versionId: 'v1', sizeBytes: 5 })
  expect(first?.metadata?.['X-Amz-Meta-Make']).toBe('hls,poster')
  const values = ODD_NAMES.map((name) => first?.metadata?.[`X-Amz-Meta-${name}`])
  expect(values).toEqual(ODD_NAMES.map(() => '<a>&"'))
  expect(second).toMatchObject({ key: 'b.mp4', versionId: 'v2' })
  expect(second).not.toHaveProperty('metadata')
  expect(asked.map((query) => query?.['metadata'])).toEqual(['true'])
})

it.each(ODD_NAMES)('hides no key behind the name %s', async (name) => {
  const metadata = `<UserMetadata><X-Amz-Meta-${name}>x</X-Amz-Meta-${name}><X-Amz-Meta-Make>hls</X-Amz-Meta-Make></UserMetadata>`
  const { requester } = requesterOf(() => pageOf(metadata))
  const rows = await listed(listObjects(requester, 'incoming', { versions: true, metadata: true }))
  expect(rows.map(({ key }) => key)).toEqual(['a b.mp4', 'b.mp4'])
  expect(rows[0]?.metadata).toEqual({ [`X-Amz-Meta-${name}`]: 'x', 'X-Amz-Meta-Make': 'hls' })
})

it('lists without metadata where a page with them cannot be read, and asks for them only with versions', async () => {
  const { requester, asked } = requesterOf((query) =>
    query?.['metadata'] ? '<ListVersionsResult><oops' : pageOf(''),
  )
  const rows = await listed(listObjects(requester, 'incoming', { versions: true, metadata: true }))
  expect(rows.map(({ key, metadata }) => [key, metadata])).toEqual([
    ['a b.mp4', undefined],
    ['b.mp4', undefined],
  ])
  expect(asked.map((query) => query?.['metadata'])).toEqual(['true', undefined])
})
