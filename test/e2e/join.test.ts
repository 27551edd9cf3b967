/** A session of a stream that is over, on the whole stack with the functions that ship: its pieces start nothing, and become one file. */
import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { joinKey, pieceKey } from '../../runtime/reception/names.ts'
import { sessionRecord } from '../../runtime/reception/session/session-record.ts'
import { makeMedia, pictureHashes } from '../helpers/clips.ts'
import { useStack } from '../helpers/runs.ts'
import { waitFor } from '../helpers/wait.ts'

const H264 =
  '-c:v libx264 -preset ultrafast -bf 2 -g 25 -keyint_min 25 -sc_threshold 0 -pix_fmt yuv420p -c:a aac'
const OF = { name: 'cam', session: '20261129T221841Z-ba02e7' }
const folder = await mkdtemp(join(tmpdir(), 'sluice-joined-'))
afterAll(() => rm(folder, { recursive: true }))
const used = useStack({
  SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, '..', '..', 'functions', 'index.ts'),
})

describe('a session that has ended', () => {
  it('becomes one file with every picture of its pieces, which chunk and probe leave alone', async () => {
    const { storage } = used.stack
    const films = [
      await makeMedia(join(folder, 'one.ts'), H264),
      await makeMedia(join(folder, 'two.ts'), `-vf negate ${H264}`),
    ]
    const pieces = films.map((_film, at) => ({
      take: at + 1,
      number: 0,
      extension: '.ts',
      startSeconds: 0,
      seconds: 8,
      sizeBytes: 1,
      atMs: at * 8_000,
      isPartial: false,
    }))
    for (const [at, film] of films.entries())
      await storage.put(
        'incoming',
        pieceKey(OF, pieces[at] as (typeof pieces)[number]),
        { bytes: await readFile(film) },
        { contentType: 'video/mp2t' },
      )
    const facts = { of: OF, why: 'stopped', startedAtMs: 0, endedAtMs: 16_000, ffmpeg: 'none' } as const
    const record = JSON.stringify(sessionRecord({ ...facts, takes: [], pieces, losses: [] }))
    const metadata = { 'join.as': 'ts' }
    const type = { contentType: 'application/json', metadata }
    await storage.put('incoming', joinKey(OF), { bytes: Buffer.from(record) }, type)
    const key = `${joinKey(OF)}/join/session.ts`
    await waitFor(async () => (await storage.head('processed', key)) !== undefined, {
      timeoutMs: 60_000,
      what: 'the joined file',
    })
    const joined = join(folder, 'joined.ts')
    await pipeline((await storage.get('processed', key)).body, createWriteStream(joined))
    const sent = await Promise.all(films.map((film) => pictureHashes(film)))
    expect(await pictureHashes(joined)).toEqual(sent.flat())
    for (const piece of pieces) expect(await used.runs.of(pieceKey(OF, piece))).toEqual([])
  })
})
