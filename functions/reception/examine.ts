/** The first bytes of a sender -> the container for its pieces, or the reason why it is refused. @module */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { Examination } from '../../runtime/index.ts'
import { CODECS } from '../ffmpeg/allowed.ts'
import { runFfmpeg } from '../ffmpeg/run/ffmpeg.ts'
import { announcedCodecs } from './announced-codecs.ts'
import { lookAtFirstBytes, RECEIVABLE } from './first-bytes.ts'
import { pieceFormatOf } from './piece-format.ts'
import { PIPE_FORMATS } from './take-input.ts'

/** Nobody sends this much before the first packet of a stream that can be received. */
const ENOUGH_BYTES = 2_000_000
/** FFmpeg takes noise for MP3 now and then, and is not sure of it: real media have 25 and more of 100. */
const MIN_SCORE = 25

const number = z.coerce.number().catch(0)
const streamShape = z.object({
  codec_type: z.string().catch(''),
  codec_name: z.string().catch(''),
  sample_rate: number,
  disposition: z.object({ attached_pic: number }).catch({ attached_pic: 0 }),
})
const shape = z.object({
  streams: z.array(streamShape).catch([]),
  format: z.object({ probe_score: number }).catch({ probe_score: 0 }),
})

/**
 * Starts ffprobe once the bytes are plausible, unless MPEG-TS says all that is asked by itself: call it with twice the bytes of the time before, not with each packet.
 *
 * @throws {ToolError} when ffprobe did not run
 */
export async function examine(head: Buffer, isAll: boolean): Promise<Examination> {
  const isLast = isAll || head.length >= ENOUGH_BYTES
  const first = lookAtFirstBytes(head, isLast)
  if (first.kind !== 'plausible') return first
  const codecs = announcedCodecs(head) ?? (await codecsOf(head))
  if (codecs.length === 0) {
    if (!isLast) return { kind: 'undecided' }
    return {
      kind: 'refused',
      why: `there is no video or sound that can be read in the first ${head.length} bytes: send ${RECEIVABLE}`,
    }
  }
  const choice = pieceFormatOf(codecs)
  if (choice.kind === 'fits') return { kind: 'media', format: choice.format, codecs }
  return {
    kind: 'refused',
    why: `its codec ${choice.codec} cannot be cut into MPEG-TS or fragmented MP4: send H.264, HEVC, VP9 or AV1 with AAC, MP3, Opus or FLAC`,
  }
}

/** Of the picture and the sound that a take would receive; empty when none is known yet, or one of them is not. */
async function codecsOf(head: Buffer): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-examine-'))
  try {
    await writeFile(join(folder, 'head'), head)
    const lines: string[] = []
    await runFfmpeg({
      tool: 'ffprobe',
      profile: 'probe',
      arguments: [
        ...'-v error -protocol_whitelist file'.split(' '),
        ...`-format_whitelist ${PIPE_FORMATS} -codec_whitelist ${CODECS.join(',')}`.split(' '),
        ...'-show_streams -show_entries format=probe_score -of json file:head'.split(' '),
      ],
      cwd: folder,
      signal: AbortSignal.timeout(60_000),
      onLine: (line) => void lines.push(line),
    })
    const { streams, format } = shape.catch({ streams: [], format: { probe_score: 0 } }).parse(jsonOf(lines))
    if (format.probe_score < MIN_SCORE) return []
    const picture = streams.find((each) => each.codec_type === 'video' && !each.disposition.attached_pic)
    const sound = streams.find((each) => each.codec_type === 'audio')
    const codecs = [picture, sound].filter((each) => each !== undefined).map((each) => each.codec_name)
    return codecs.every((codec) => codec !== '') ? codecs : []
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The output of an ffprobe that failed may be incomplete. */
function jsonOf(lines: readonly string[]): unknown {
  try {
    return JSON.parse(lines.join('\n'))
  } catch {
    return {}
  }
}
