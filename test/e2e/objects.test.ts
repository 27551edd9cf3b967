/** What a person does to objects that are there already, and what becomes of runs and results. */
import { join } from 'node:path'
import { writeFile } from 'node:fs/promises'
import { Client, CopyDestinationOptions, CopySourceOptions } from 'minio'
import { beforeAll, describe, expect, it } from 'vitest'
import { useAnyStack } from '../helpers/told.ts'

const used = useAnyStack()

const mc = (...args: string[]) => used.stack.mc.run(...args)
const at = (key: string) => `root/incoming/${key}`

async function put(key: string, text: string, attributes?: string): Promise<void> {
  const path = join(used.stack.dir, 'upload.txt')
  await writeFile(path, text)
  await mc('cp', ...(attributes ? ['--attr', attributes] : []), path, at(key))
}

/** As `aws s3api copy-object --metadata-directive REPLACE` does it. */
async function replaceMetadata(key: string, note: string): Promise<void> {
  const { hostname, port } = new URL(used.stack.minioEndpoint)
  const { accessKey, secretKey } = used.stack.credentials.root
  const client = new Client({ endPoint: hostname, port: Number(port), useSSL: false, accessKey, secretKey })
  const place = { Bucket: 'incoming', Object: key }
  await client.copyObject(
    new CopySourceOptions(place),
    new CopyDestinationOptions({ ...place, UserMetadata: { note }, MetadataDirective: 'REPLACE' }),
  )
}

async function versionIds(key: string): Promise<string[]> {
  const found: string[] = []
  for await (const object of used.stack.storage.list('incoming', { prefix: key, versions: true }))
    if (object.key === key && object.versionId) found.push(object.versionId)
  return found
}

describe('a new version', () => {
  it('of other metadata is a new run with them as options: that is how to try again', async () => {
    await put('again.txt', 'x')
    await used.ended('again.txt', 1)
    expect(await used.told('again.txt')).toMatchObject({ note: '' })
    // With mc only what was not set before: of a name with two values it takes the one or the other.
    await mc('cp', '--attr', 'note=by mc', at('again.txt'), at('again.txt'))
    const [, second] = await used.ended('again.txt', 2)
    expect(await used.told('again.txt')).toMatchObject({ note: 'by mc', manifest: { run: second?.runId } })
    await replaceMetadata('again.txt', 'by S3')
    const [, , third] = await used.ended('again.txt', 3)
    expect(await used.told('again.txt')).toMatchObject({ note: 'by S3', manifest: { run: third?.runId } })
  })

  it('of the same bytes is a new run', async () => {
    await put('same.txt', 'x')
    const [first] = await used.ended('same.txt', 1)
    await put('same.txt', 'x')
    const [, second] = await used.ended('same.txt', 2)
    expect(second?.payload.etag).toBe(first?.payload.etag)
    expect((await used.told('same.txt')).manifest.run).toBe(second?.runId)
  })

  it('replaces the result of the one before, with nothing of that left in sight', async () => {
    await put('over.txt', 'first')
    await used.ended('over.txt', 1)
    const before = await used.told('over.txt')
    await put('over.txt', 'second one')
    await used.ended('over.txt', 2)
    const after = await used.told('over.txt')
    expect([before.bytes, after.bytes]).toEqual([5, 10])
    const pointer = await used.uploader.readText('processed', 'over.txt/any/told.json')
    expect(JSON.parse(pointer?.text ?? '')).toMatchObject({ bytes: 10 })
  })

  it('that comes while the one before is worked on wins, whichever ends first', async () => {
    const gate = join(used.stack.dir, 'race')
    await put('race.txt', 'slow', `until=${gate}`)
    await used.runs.reached('race.txt', 'running')
    await put('race.txt', 'quick')
    await used.runs.reached('race.txt', 'succeeded')
    await writeFile(gate, '')
    const [first, second] = await used.ended('race.txt', 2)
    expect([first?.state, second?.state]).toEqual(['superseded', 'succeeded'])
    expect(await used.told('race.txt')).toMatchObject({ bytes: 5, manifest: { run: second?.runId } })
    // Nothing of the loser is left.
    expect(await used.runs.assertWhole('any', 'race.txt')).toHaveLength(1)
    expect(await used.runs.verdict('any', 'race.txt')).toBeUndefined()
  })

  it('made of an old one is a new run with the old bytes', async () => {
    await put('back.txt', 'old')
    await put('back.txt', 'much newer')
    await used.ended('back.txt', 2)
    const [, old] = await versionIds('back.txt')
    await mc('cp', '--version-id', old ?? '', at('back.txt'), at('back.txt'))
    const [, , third] = await used.ended('back.txt', 3)
    expect(await used.told('back.txt')).toMatchObject({ bytes: 3, manifest: { run: third?.runId } })
  })
})

describe('a copy', () => {
  it('is a run of its own, with the metadata that came along', async () => {
    await put('odd name+1%.txt', 'x', 'note=kept')
    await mc('cp', at('odd name+1%.txt'), at('copies/odd name+1%.txt'))
    await used.ended('copies/odd name+1%.txt', 1)
    expect(await used.told('copies/odd name+1%.txt')).toMatchObject({
      key: 'copies/odd name+1%.txt',
      note: 'kept',
    })
  })

  it('that is a move runs under the new name, and the results under the old one stay', async () => {
    await put('old-home.txt', 'x')
    await used.ended('old-home.txt', 1)
    await mc('mv', at('old-home.txt'), at('new-home.txt'))
    await used.ended('new-home.txt', 1)
    expect(await used.told('new-home.txt')).toMatchObject({ key: 'new-home.txt' })
    expect(await used.told('old-home.txt')).toMatchObject({ key: 'old-home.txt' })
  })
})

describe('a delete', () => {
  it('of what is done keeps the results, and taking it back makes no run', async () => {
    await put('gone.txt', 'x')
    const [run] = await used.ended('gone.txt', 1)
    await mc('rm', at('gone.txt'))
    expect(await used.told('gone.txt')).toMatchObject({ bytes: 1 })
    await mc('undo', at('gone.txt'))
    expect(await used.stack.storage.head('incoming', 'gone.txt')).toMatchObject({
      versionId: run?.payload.versionId,
    })
    expect((await used.told('gone.txt')).manifest.run).toBe(run?.runId)
  })

  it('of what is worked on does not stop it', async () => {
    const gate = join(used.stack.dir, 'late')
    await put('late.txt', 'x', `until=${gate}`)
    await used.runs.reached('late.txt', 'running')
    await mc('rm', at('late.txt'))
    await writeFile(gate, '')
    expect(await used.ended('late.txt', 1)).toMatchObject([{ state: 'succeeded' }])
    expect(await used.told('late.txt')).toMatchObject({ bytes: 1 })
  })

  it('of an old version leaves the newest one’s result as it is', async () => {
    await put('pruned.txt', 'old')
    await put('pruned.txt', 'newer')
    const [, second] = await used.ended('pruned.txt', 2)
    const [, old] = await versionIds('pruned.txt')
    await mc('rm', '--version-id', old ?? '', at('pruned.txt'))
    expect((await used.told('pruned.txt')).manifest.run).toBe(second?.runId)
  })
})

describe('what makes no new version makes no run', () => {
  beforeAll(async () => {
    await put('tagged.txt', 'x')
    await mc('tag', 'set', at('tagged.txt'), 'colour=red&note=blue')
    await mc('tag', 'remove', at('tagged.txt'))
    const nothing = { bytes: Buffer.alloc(0) }
    await used.uploader.put('incoming', 'folder/', nothing, { contentType: 'application/x-directory' })
    // What was announced before the last one has come in when both copies of that have.
    await put('folder/last.txt', 'x')
    await used.notDoneOnce(['folder/last.txt'])
  })

  it.each([
    { what: 'tags set and removed', key: 'tagged.txt', runs: 1 },
    { what: 'the mark of a folder', key: 'folder/', runs: 0 },
    { what: 'being copied', key: 'odd name+1%.txt', runs: 1 },
    { what: 'being moved away', key: 'old-home.txt', runs: 1 },
    { what: 'a delete and its undoing', key: 'gone.txt', runs: 1 },
    { what: 'the end of an old version', key: 'pruned.txt', runs: 2 },
  ])('$what', async ({ key, runs }) => {
    expect(await used.runs.of(key)).toHaveLength(runs)
  })

  it('and the mark of a folder is counted, with each copy of its event', async () => {
    const metrics = await (await fetch(`${used.stack.apiUrl}/metrics`)).text()
    expect(metrics).toContain('sluice_events_dropped_total{reason="folder-marker"} 2\n')
  })
})
