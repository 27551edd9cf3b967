/** The files of a take in its session's folder. @module */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pieceFileName, placeOfFile, takeName } from './names.ts'
import type { Piece } from './piece.ts'

/** The names of its pieces' files, in order. */
export function filesOf(sessionFolder: string, take: number): readonly string[] {
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
  const found = statSync(join(sessionFolder, takeName(take), fileName), { throwIfNoEntry: false })
  if (!place || !found || found.size === 0) return undefined
  return {
    ...place,
    ...facts,
    take,
    seconds: Math.max(0.001, Number(facts.seconds.toFixed(6))),
    sizeBytes: found.size,
    // Its last byte was written when its last picture had arrived.
    atMs: Math.round(found.mtimeMs),
  }
}
