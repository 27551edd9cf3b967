/** The function `join` on pieces that real takes have cut: the file decodes to the pictures that were sent. */
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join as pathIn } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ClosedPiece } from '../../runtime/function/take.ts'
import type { FunctionDefinition, MediaReception, PieceFormat } from '../../runtime/index.ts'
import { pieceKey, placeOfPiece } from '../../runtime/reception/names.ts'
import { sessionRecord } from '../../runtime/reception/session/session-record.ts'
import type { Loss, Piece } from '../../runtime/reception/piece.ts'
import { localAttempt, pathsOf } from '../helpers/attempt.ts'
import { decoded, makeMedia, pictureHashes, storedPictureHashes } from '../helpers/clips.ts'
import { ffmpegBuilds, withBuild } from '../helpers/ffmpeg-builds.ts'

const H264 =
  '-c:v libx264 -preset ultrafast -bf 2 -g 25 -keyint_min 25 -sc_threshold 0 -pix_fmt yuv420p -c:a aac'
const OF = { name: 'cam', session: '20261129T221841Z-ba02e7' }
const root = await mkdtemp(pathIn(tmpdir(), 'sluice-join-'))
afterAll(() => rm(root, { recursive: true }))

describe.each(await ffmpegBuilds())('join with $name', (build) => {
  let join: FunctionDefinition
  let reception: MediaReception
  beforeAll(async () => {
    ;[{ join }, { reception }] = await withBuild(build, () =>
      Promise.all([import('../../functions/join.ts'), import('../../functions/reception/reception.ts')]),
    )
  })

  /** The pieces of a take, in the folder of the session. */
  async function receive(session: string, take: number, media: string, format: PieceFormat = 'mpegts') {
    const folder = await mkdtemp(pathIn(root, 'take-'))
    const listed: ClosedPiece[] = []
    const running = await reception.startTake({
      input: { door: 'http' },
      folder,
      format,
      pieceSeconds: 2,
      onPiece: (piece) => void listed.push(piece),
    })
    running.stdin?.end(await readFile(media))
    await running.ended
    const pieces: Piece[] = []
    for (const { fileName, startSeconds, endSeconds } of listed) {
      const name = `${String(take).padStart(3, '0')}-${fileName}`
      await copyFile(pathIn(folder, fileName), pathIn(session, name))
      const place = placeOfPiece(name)
      if (!place) throw new Error(`${name} is not the name of a piece`)
      const seconds = endSeconds - startSeconds
      pieces.push({ ...place, startSeconds, seconds, sizeBytes: 1, atMs: 0, isPartial: false })
    }
    return pieces
  }

  async function joined(
    session: string,
    pieces: readonly Piece[],
    options: Readonly<Record<string, unknown>> = {},
    losses: readonly Loss[] = [],
  ) {
    const facts = { of: OF, why: 'sender-finished', startedAtMs: 0, endedAtMs: 1, ffmpeg: 'x' } as const
    const source = pathIn(session, 'join.json')
    await writeFile(source, JSON.stringify(sessionRecord({ ...facts, takes: [], pieces, losses })))
    return localAttempt(join, { source, options })
  }

  it.each(['mp4', 'ts'] as const)('makes one %s of two connections, with every picture sent', async (as) => {
    const session = await mkdtemp(pathIn(root, 'session-'))
    const one = await makeMedia(pathIn(root, 'one.ts'), H264)
    const two = await makeMedia(pathIn(root, 'two.flv'), `-vf negate ${H264}`)
    const pieces = [...(await receive(session, 1, one)), ...(await receive(session, 2, two))]
    const attempt = await joined(session, pieces, { as })
    expect(await attempt.run()).toEqual({ files: 1 })
    expect(attempt.files).toMatchObject([
      {
        name: `session.${as}`,
        pointer: `session.${as}`,
        role: 'joined',
        contentType: as === 'ts' ? 'video/mp2t' : 'video/mp4',
      },
    ])
    const [path = ''] = pathsOf(attempt)
    expect(await pictureHashes(path)).toEqual([...(await pictureHashes(one)), ...(await pictureHashes(two))])
    expect((await decoded(path)).samples).toBeGreaterThan(2 * 7.9 * 48_000)
    expect(attempt.facts.totals).toMatchObject({ pieces: 8, gaps: 0 })
    expect(attempt.progress.length).toBeGreaterThan(0)
    await attempt.remove()
  })

  it('says what is missing, and joins the rest in order', async () => {
    const session = await mkdtemp(pathIn(root, 'session-'))
    const one = await makeMedia(pathIn(root, 'one.ts'), H264)
    const all = await receive(session, 1, one)
    const lost: Loss = { take: 1, from: 1, to: 1, seconds: 2, reason: 'spool-full' }
    const attempt = await joined(
      session,
      all.filter(({ number }) => number !== 1),
      {},
      [lost],
    )
    await attempt.run()
    const sent = await pictureHashes(one)
    const arrived = await pictureHashes(pathsOf(attempt)[0] ?? '')
    expect(arrived).toEqual([...sent.slice(0, 50), ...sent.slice(100)])
    expect(attempt.facts.warnings).toEqual(['2.0 s are missing before 001-000002.ts (spool-full)'])
    expect(attempt.facts.totals).toMatchObject({ pieces: 3, gaps: 1, gapSeconds: 2 })
    await attempt.remove()
  })

  it('makes one file of each connection in fragmented MP4', async () => {
    const session = await mkdtemp(pathIn(root, 'session-'))
    const media = await makeMedia(
      pathIn(root, 'vp9.webm'),
      '-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 25 -c:a libopus',
    )
    const pieces = [
      ...(await receive(session, 1, media, 'fmp4')),
      ...(await receive(session, 2, media, 'fmp4')),
    ]
    const attempt = await joined(session, pieces)
    await attempt.run()
    expect(attempt.files.map(({ name }) => name)).toEqual(['session-001.mp4', 'session-002.mp4'])
    // The edit list that the FFmpeg of 2018 writes ends 14 ms too early, which hides the last picture.
    for (const path of pathsOf(attempt))
      expect(await storedPictureHashes(path)).toEqual(await pictureHashes(media))
    await attempt.remove()
  })

  it('fails for good when a piece is gone, or there are none', async () => {
    const session = await mkdtemp(pathIn(root, 'session-'))
    const pieces = await receive(session, 1, await makeMedia(pathIn(root, 'one.ts'), H264))
    await rm(
      pathIn(
        session,
        pieceKey(OF, pieces[2] as Piece)
          .split('/')
          .at(-1) ?? '',
      ),
    )
    const torn = await joined(session, pieces)
    await expect(torn.run()).rejects.toThrow('ENOENT')
    expect(torn.files).toEqual([])
    const none = await joined(session, [])
    await expect(none.run()).rejects.toThrow('the session has no pieces')
    await Promise.all([torn.remove(), none.remove()])
  })
})
