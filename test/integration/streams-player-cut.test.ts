/** hls.js on the pieces of a sender whose connection breaks at its first pictures, before its sound is there, and that comes again. */
import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Piece } from '../../runtime/reception/piece.ts'
import { endedPlaylist, playable } from '../../runtime/reception/playlist/playlist.ts'
import { timelineOf } from '../../runtime/reception/playlist/timeline.ts'
import { pieceOfFile } from '../../runtime/reception/spool/take-files.ts'
import { clipFolder } from '../helpers/clips.ts'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { startPlayer } from '../helpers/streams/player.ts'
import { chromium } from '../helpers/streams/programs.ts'
import { makeReference } from '../helpers/streams/reference.ts'
import { waitFor } from '../helpers/wait.ts'

const browser = await chromium()
const PIECE_SECONDS = 2
const CUT_PICTURES = 3
const COUNT = 3
let folder: string
let pieces: Piece[]

beforeAll(async () => {
  folder = await clipFolder()
  const { path } = await makeReference(folder, COUNT * PIECE_SECONDS)
  const [build] = await ffmpegBuilds()
  const run = (output: string) =>
    promisify(execFile)(
      build?.ffmpegPath ?? 'ffmpeg',
      ['-v', 'error', '-i', path, '-map', '0', '-c', 'copy', ...output.split(' ')],
      { env: { GCONV_PATH: '/nonexistent' } },
    )
  for (const take of ['001', '002']) await mkdir(join(folder, take))
  // The sound of MPEG-TS comes behind its pictures: at this time there is none.
  await run(`-t 0.1 -frames:v ${CUT_PICTURES} ${join(folder, '001', '000000.ts')}`)
  await run(
    `-f segment -segment_time ${PIECE_SECONDS} -segment_time_delta 0.05 ${join(folder, '002', '%06d.ts')}`,
  )
  const facts = (startSeconds: number, seconds: number) => ({ startSeconds, seconds, isPartial: false })
  pieces = [
    pieceOfFile(folder, 1, '000000.ts', facts(0, CUT_PICTURES / 25)),
    ...Array.from({ length: COUNT }, (_, number) =>
      pieceOfFile(folder, 2, `00000${number}.ts`, facts(number * PIECE_SECONDS, PIECE_SECONDS)),
    ),
  ].filter((piece) => piece !== undefined)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it('such a piece is known, and the playlist begins with the next take', () => {
  expect(pieces.map(({ take, hasSilentTrack }) => [take, hasSilentTrack])).toEqual([
    [1, true],
    [2, undefined],
    [2, undefined],
    [2, undefined],
  ])
  const named = playable(timelineOf(pieces, []).entries)
  expect(named.map(({ piece }) => piece.take)).toEqual([2, 2, 2])
})

it.skipIf(browser === undefined)('Chromium shows the pictures of the take after it', async () => {
  const of = { name: 'cut', session: '20261129T221841Z-ba02e7' }
  await writeFile(join(folder, 'live.m3u8'), endedPlaylist(of, playable(timelineOf(pieces, []).entries)))
  const player = await startPlayer(browser ?? '', '/processed/streams/cut/s/live.m3u8', (path) => {
    const [, take, file] = /\/(\d{3})-(\d{6}\.ts)$/.exec(path) ?? []
    const at = take === undefined || file === undefined ? 'live.m3u8' : join(take, file)
    return readFile(join(folder, at)).catch(() => undefined)
  })
  try {
    const state = await waitFor(async () => player.state()?.isEnded && player.state(), {
      timeoutMs: 60_000,
      what: 'the player to reach the end',
    }).catch((error: Error) => {
      throw new Error(`${error.message}; ${JSON.stringify(player.state())}`, { cause: error })
    })
    expect(state.errors.filter(({ isFatal }) => isFatal)).toEqual([])
    expect(state.shown + state.dropped).toBeGreaterThan(0.9 * COUNT * PIECE_SECONDS * 25)
  } finally {
    await player.stop()
  }
})
