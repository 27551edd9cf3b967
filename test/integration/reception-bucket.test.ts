/** What the bucket alone tells of a session, and several writers of its playlist and record, with a real MinIO. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { concludeSession, type Conclusion } from '../../runtime/reception/stream/conclude.ts'
import {
  newSession,
  pieceKey,
  playlistKey,
  recordKey,
  type SessionOf,
} from '../../runtime/reception/names.ts'
import type { Piece } from '../../runtime/reception/piece.ts'
import { createPlaylistWriter } from '../../runtime/reception/playlist/playlist-writer.ts'
import { piecesInBucket } from '../../runtime/reception/session/rebuild.ts'
import { sendPiece } from '../../runtime/reception/spool/send-piece.ts'
import { timelineOf } from '../../runtime/reception/playlist/timeline.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { sha256Hex } from '../helpers/sha256.ts'
import { startTestStore, type TestStore } from '../helpers/store.ts'
import { silent } from '../helpers/streams/engine.ts'
import { waitFor } from '../helpers/wait.ts'
import { take } from '../unit/reception/pieces.ts'

let store: TestStore
let storage: Storage
let dir: string
beforeAll(async () => {
  store = await startTestStore({ versioned: ['incoming', 'processed'] })
  storage = store.storage
  dir = await mkdtemp(join(tmpdir(), 'sluice-pieces-'))
})
afterAll(async () => {
  await store?.stop()
  await rm(dir, { recursive: true, force: true })
})

const NEVER = new AbortController().signal
const ofNew = (name: string): SessionOf => ({ name, session: newSession(Date.now()) })

async function send(of: SessionOf, piece: Piece, text = `piece ${piece.take}-${piece.number}`) {
  const path = join(dir, `${of.name}-${piece.take}-${piece.number}`)
  await writeFile(path, text)
  const sized = { ...piece, sizeBytes: Buffer.byteLength(text) }
  const sent = await sendPiece(
    storage,
    of,
    { piece: sized, path, closedAtMs: 0, isDiscontinuity: false },
    NEVER,
  )
  return { sent, piece: { ...sized, sha256Hex: sha256Hex(text) } }
}

describe('the pieces of a session', () => {
  it('are known from the bucket alone, in the order of time, as they were sent', async () => {
    const of = ofNew('rebuilt')
    const mp4 = take(12, [4]).map((piece) => ({ ...piece, extension: '.mp4', headerBytes: 1_179 }))
    const pieces = [...take(1, [4, 3.96, 0.24]), ...take(2, [4]), ...take(11, [4.04]), ...mp4]
    const sent = await Promise.all(
      pieces.toReversed().map((piece) => send(of, { ...piece, isPartial: piece.number === 2 })),
    )
    await storage.put(
      'incoming',
      `streams/${of.name}/${of.session}/notes.txt`,
      { bytes: Buffer.from('x') },
      { contentType: 'text/plain' },
    )
    expect(await piecesInBucket(storage, of, [])).toEqual(sent.toReversed().map(({ piece }) => piece))
  })

  it('may be sent again, and another file under their key is never taken for them', async () => {
    const of = ofNew('again')
    const [piece] = take(1, [4]) as [Piece]
    const { sent } = await send(of, piece)
    expect([sent.kind, (await send(of, piece)).sent]).toEqual(['stored', sent])
    expect((await send(of, piece, 'another file')).sent).toEqual({ kind: 'lost', reason: 'key-taken' })
    expect((await storage.readText('incoming', pieceKey(of, piece)))?.text).toBe('piece 1-0')
  })

  it('whose file is gone are lost, and nothing is stored', async () => {
    const of = ofNew('no-file')
    const [piece] = take(1, [4]) as [Piece]
    const unsent = { piece, path: join(dir, 'nothing'), closedAtMs: 0, isDiscontinuity: false }
    expect(await sendPiece(storage, of, unsent, NEVER)).toEqual({ kind: 'lost', reason: 'file-lost' })
    expect(await piecesInBucket(storage, of, [])).toEqual([])
  })
})

describe('a playlist', () => {
  it('that somebody else has written is not overwritten: its writer asks who owns the session', async () => {
    const of = ofNew('twice')
    const [one, two] = [1, 2].map(
      (count) => timelineOf(take(1, Array(count).fill(4) as number[]), []).entries,
    )
    let shown = one
    let leftMs = 60_000
    let asked = 0
    const writerOf = (mayWriteForMs: () => number, entries = () => shown ?? []) =>
      createPlaylistWriter({
        storage,
        of,
        windowSeconds: 600,
        pieceSeconds: 4,
        entries,
        mayWriteForMs,
        confirm() {
          asked++
          leftMs = 0
          return Promise.resolve()
        },
        log: silent,
      })
    const sleeper = writerOf(() => leftMs)
    sleeper.publish()
    await sleeper.idle()
    const owner = writerOf(
      () => 60_000,
      () => two ?? [],
    )
    owner.publish()
    await owner.idle()
    const text = (await storage.readText('processed', playlistKey(of)))?.text
    expect([asked, text?.includes('001-000001.ts')]).toEqual([0, true])
    shown = timelineOf(take(1, [4, 4, 4]), []).entries
    sleeper.publish()
    await sleeper.idle()
    expect(asked).toBe(1)
    expect((await storage.readText('processed', playlistKey(of)))?.text).toBe(text)
  })
})

describe('the end of a session', () => {
  const facts = (of: SessionOf, rest: Partial<Conclusion> = {}): Conclusion => ({
    of,
    why: 'sender-lost',
    startedAtMs: 1_000,
    endedAtMs: 2_000,
    ffmpeg: 'none',
    takes: [],
    losses: [],
    known: [],
    ...rest,
  })

  it('may be recorded by several receivers at once, and the record has what all of them know', async () => {
    const of = ofNew('raced')
    for (const piece of take(1, [4, 4])) await send(of, piece)
    const ends = Array.from({ length: 6 }, (_, n) =>
      concludeSession(
        storage,
        facts(of, {
          takes: [{ take: n, lastLines: [] }],
          losses: [{ take: n, from: 5, to: 5, seconds: 1, reason: 'spool-full' }],
        }),
        silent,
      ),
    )
    await Promise.all(ends)
    const record = JSON.parse((await storage.readText('processed', recordKey(of)))?.text ?? '') as {
      takes: unknown[]
      losses: unknown[]
    }
    expect([record.takes.length, record.losses.length]).toEqual([6, 6])
  })

  it('keeps its reason when a disk comes back late, and has its pieces', async () => {
    const of = ofNew('late')
    const [one, two] = take(1, [4, 4]) as [Piece, Piece]
    await send(of, one)
    await concludeSession(storage, facts(of, { why: 'receiver-lost' }), silent)
    await send(of, two)
    const record = await concludeSession(
      storage,
      facts(of, { why: 'sender-finished', endedAtMs: 9_000 }),
      silent,
    )
    expect(record).toMatchObject({
      why: 'receiver-lost',
      endedAt: '1970-01-01T00:00:02.000Z',
      totals: { pieces: 2 },
    })
    await waitFor(
      async () => (await storage.readText('processed', playlistKey(of)))?.text.includes('001-000001.ts'),
      {
        timeoutMs: 1_000,
        what: 'the second piece in the playlist',
      },
    )
  })

  it('without a piece leaves nothing', async () => {
    const of = ofNew('nothing')
    expect(await concludeSession(storage, facts(of), silent)).toBeUndefined()
    expect(await storage.readText('processed', playlistKey(of))).toBeUndefined()
    expect(await storage.readText('processed', recordKey(of))).toBeUndefined()
  })
})
