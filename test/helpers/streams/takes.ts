/** Takes of one build of FFmpeg, without the engine of reception: what they list and leave behind. @module */
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type {
  ClosedPiece,
  MediaReception,
  PieceFormat,
  Take,
  TakeEnd,
  TakeInput,
} from '../../../runtime/index.ts'
import { waitFor } from '../wait.ts'

export interface Received extends TakeEnd {
  readonly folder: string
  readonly listed: readonly ClosedPiece[]
  /** All files, also those that were open. */
  readonly files: readonly string[]
}

export interface RunningTest {
  readonly take: Take
  readonly keys: string[]
  readonly listed: ClosedPiece[]
  readonly folder: string
  readonly ended: () => Promise<Received>
}

/** Pieces of 2 s. @param root - gets a folder for the take */
export async function startTestTake(
  reception: MediaReception,
  root: string,
  input: TakeInput,
  format: PieceFormat = 'mpegts',
): Promise<RunningTest> {
  const folder = await mkdtemp(join(root, 'take-'))
  const [keys, listed]: [string[], ClosedPiece[]] = [[], []]
  const take = await reception.startTake({
    input,
    folder,
    format,
    pieceSeconds: 2,
    onPiece: (piece) => void listed.push(piece),
    onSenderKey: (key) => void keys.push(key),
  })
  const ended = async () => {
    const end = await take.ended
    return { ...end, folder, listed, files: (await readdir(folder)).toSorted() }
  }
  return { take, keys, listed, folder, ended }
}

export function pathsOf({ folder, files }: Received): readonly string[] {
  return files.map((file) => join(folder, file))
}

/** The pieces one after the other as one file, beside them. */
export async function concatenated(received: Received): Promise<string> {
  const joined = join(received.folder, 'joined.ts')
  const all = await Promise.all(pathsOf(received).map((path) => readFile(path)))
  await writeFile(joined, Buffer.concat(all))
  return joined
}

/** A connection would be taken for the sender's, so the kernel's table tells. */
export async function listening(take: Take, port: number): Promise<void> {
  const place = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`
  await waitFor(async () => (await readFile(`/proc/${take.pid}/net/tcp`, 'latin1')).includes(place), {
    timeoutMs: 30_000,
    what: 'a listener for RTMP',
  })
}
