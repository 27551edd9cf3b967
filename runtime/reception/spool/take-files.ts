/** The files of a take in its session's folder. @module */
import { readdirSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pieceFileName, placeOfFile, takeName } from '../names.ts'
import { headerBytesIn } from './header-bytes.ts'
import { hasSilentTrackIn } from './silent-track.ts'
import { messageOf } from '../../errors.ts'
import type { MediaReception } from '../../function/take.ts'
import type { Logger } from '../../telemetry/logger.ts'
import type { Piece } from '../piece.ts'

const MEASUREMENTS = 3

/** The names of its pieces' files, in order. */
function filesOf(sessionFolder: string, take: number): readonly string[] {
  try {
    return readdirSync(join(sessionFolder, takeName(take)))
      .filter((name) => placeOfFile(name))
      .toSorted()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

export function pathOf(sessionFolder: string, piece: Piece): string {
  return join(sessionFolder, takeName(piece.take), pieceFileName(piece))
}

/** 0 also when there is no such file. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/** The piece that a file is; undefined when it has no bytes, or not the name of a piece. */
export function pieceOfFile(
  sessionFolder: string,
  take: number,
  fileName: string,
  facts: Pick<Piece, 'startSeconds' | 'seconds' | 'isPartial'>,
): Piece | undefined {
  const place = placeOfFile(fileName)
  const path = join(sessionFolder, takeName(take), fileName)
  const found = statSync(path, { throwIfNoEntry: false })
  if (!place || !found || found.size === 0) return undefined
  const headerBytes = place.extension === '.ts' ? undefined : headerBytesIn(path)
  return {
    ...place,
    ...facts,
    take,
    seconds: Math.max(0.001, Number(facts.seconds.toFixed(6))),
    sizeBytes: found.size,
    ...(headerBytes !== undefined && { headerBytes }),
    ...(place.extension === '.ts' &&
      hasSilentTrackIn(path, facts.seconds, found.size) && { hasSilentTrack: true as const }),
    // Its last byte was written when its last picture had arrived.
    atMs: Math.round(found.mtimeMs),
  }
}

/** The pieces of a take that FFmpeg had not closed: files with a number that is not in `known`. Those without media are removed. */
export async function* openPieces(
  sessionFolder: string,
  take: number,
  known: ReadonlySet<number>,
  media: Pick<MediaReception, 'measure'>,
  previous: () => Piece | undefined,
  log: Logger,
): AsyncGenerator<Piece> {
  for (const fileName of filesOf(sessionFolder, take)) {
    if (known.has(placeOfFile(fileName)?.number ?? -1)) continue
    const path = join(sessionFolder, takeName(take), fileName)
    const times = await timesOf(path, media, previous(), log)
    const piece = times && pieceOfFile(sessionFolder, take, fileName, { ...times, isPartial: true })
    if (piece) yield piece
    else await rm(path, { force: true })
  }
}

/**
 * The times of a file that FFmpeg had not closed; undefined when it holds no media. Where it cannot be measured, the piece before tells
 * how long it may be: its media are kept in any case.
 */
async function timesOf(
  path: string,
  media: Pick<MediaReception, 'measure'>,
  previous: Piece | undefined,
  log: Logger,
): Promise<Pick<Piece, 'startSeconds' | 'seconds'> | undefined> {
  if (sizeOf(path) === 0) return undefined
  for (let left = MEASUREMENTS; left > 0; left--)
    try {
      return await media.measure(path)
    } catch (error) {
      log.error({ path, error: messageOf(error) }, 'a piece could not be measured')
    }
  const { startSeconds = 0, seconds = 1 } = previous ?? {}
  return { startSeconds: previous ? startSeconds + seconds : 0, seconds }
}
