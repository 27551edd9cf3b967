/**
 * FFmpeg's text about a file for people -> the same as in ffprobe's document. ffprobe opens a decoder for every stream before
 * it describes one, so a single stream whose decoder is not accepted leaves nothing but this text, which it prints before. It has
 * no start and no length of single streams. Pure.
 *
 * **Shape**:
 * ```
 * Input #0, mpegts, from 'file:source':
 *   Duration: 00:00:08.64, start: 0.840600, bitrate: 714 kb/s
 *   Stream #0:0[0x100](eng): Video: h264 (Main) ([27][0][0][0] / 0x001B), yuv420p(progressive), 320x180, 25 fps, 90k tbn (default)
 *     Metadata:
 *       DURATION        : 00:00:04.005000000
 * ```
 * @module
 */
type Entry = Record<string, unknown>
/** Its tags and side data are in the lines below its own. */
interface Stream extends Entry {
  readonly tags: Record<string, string>
  readonly side_data_list: Entry[]
}

/** Two spaces and no more: text from the file itself, such as tags, is indented further. */
const STREAM =
  /^ {2}Stream #0:(\d+)(?:\[(0x[0-9a-f]+)\])?(?:\(([\w-]+)\))?: (Video|Audio|Subtitle|Data|Attachment|Unknown)(?:: (.*))?$/
const TAG = /^ {6}(\w+)\s*: (.*)$/
const LINE = {
  input: /^Input #0, ([\w,]+), from /,
  duration: /^ {2}Duration: ([\d:.]+|N\/A)(?:, start: (-?[\d.]+))?(?:, bitrate: (\d+) kb\/s)?$/,
  chapter: /^ {4}Chapter #0:\d+: start -?[\d.]+, end -?[\d.]+$/,
  rotation: /^ {6}displaymatrix: rotation of (-?[\d.]+) degrees$/,
} as const

/** `undefined` when it is not such a text. */
export function parseDump(lines: readonly string[]): object | undefined {
  let format: Entry | undefined
  const streams: Stream[] = []
  const chapters: Entry[] = []
  for (const line of lines) {
    const stream = STREAM.exec(line)
    const last = streams.at(-1)
    if (stream) streams.push(toStream(stream))
    else if (LINE.input.test(line)) format = { format_name: LINE.input.exec(line)?.[1] }
    else if (LINE.duration.test(line)) Object.assign(format ?? {}, toFormat(LINE.duration.exec(line)))
    else if (LINE.chapter.test(line)) chapters.push({})
    else if (LINE.rotation.test(line)) last?.side_data_list.push({ rotation: LINE.rotation.exec(line)?.[1] })
    else {
      const [, name, value] = TAG.exec(line) ?? []
      if (last && name !== undefined && value !== undefined && !Object.hasOwn(last.tags, name))
        last.tags[name] = value
    }
  }
  // Programs and chapters come before streams; a text that repeats or skips a number is something else.
  if (!format || streams.length === 0) return undefined
  const ordered = streams.toSorted((a, b) => Number(a['index']) - Number(b['index']))
  if (ordered.some((stream, place) => stream['index'] !== place)) return undefined
  return { streams: ordered, chapters, format }
}

function toFormat(match: RegExpExecArray | null): Entry {
  const [, clock = '', start, kilobits] = match ?? []
  const [hours, minutes, seconds] = clock.split(':').map(Number)
  return defined({
    duration: seconds === undefined ? undefined : (hours ?? 0) * 3_600 + (minutes ?? 0) * 60 + seconds,
    start_time: start,
    bit_rate: kilobits === undefined ? undefined : Number(kilobits) * 1_000,
  })
}

function toStream([, index, id, language, kind = '', text = '']: RegExpExecArray): Stream {
  const type = kind.toLowerCase()
  const [codec = 'none'] = /^[\w-]+/.exec(text) ?? []
  // Not the tag, which has a slash.
  const [, profile] = /^[\w-]+ \(([^()/[\]]+)\)/.exec(text) ?? []
  const [, kilobits] = /, (\d+) kb\/s/.exec(text) ?? []
  return {
    index: Number(index),
    codec_type: type,
    ...defined({
      id,
      codec_name: codec === 'none' ? undefined : codec,
      profile,
      bit_rate: kilobits === undefined ? undefined : Number(kilobits) * 1_000,
      ...(type === 'video' && pictureOf(text)),
      ...(type === 'audio' && soundOf(text)),
    }),
    disposition: {
      default: text.includes('(default)') ? 1 : 0,
      attached_pic: text.includes('(attached pic)') ? 1 : 0,
    },
    tags: language === undefined ? {} : { language },
    side_data_list: [],
  }
}

function pictureOf(text: string): Entry {
  const [, width, height] = /, (\d+)x(\d+)/.exec(text) ?? []
  const [, rate] = /, ([\d.]+k?) fps/.exec(text) ?? []
  const [, format] = /, ([a-z]+\d\w*)(?:\(|,)/.exec(text) ?? []
  return {
    width,
    height,
    pix_fmt: format,
    avg_frame_rate: rate === undefined ? undefined : `${rate.replace('k', '000')}/1`,
    color_transfer: /\b(smpte2084|arib-std-b67)\b/.exec(text)?.[1],
  }
}

function soundOf(text: string): Entry {
  const [, rate, layout = ''] = /, (\d+) Hz(?:, ([^,]+))?/.exec(text) ?? []
  const named: Readonly<Record<string, number>> = { mono: 1, stereo: 2 }
  const [, count] = /^(\d+) channels/.exec(layout) ?? []
  const [, around, low] = /^(\d+)\.(\d)/.exec(layout) ?? []
  const channels = named[layout] ?? Number(count ?? Number(around) + Number(low))
  return {
    sample_rate: rate,
    channels: channels > 0 ? channels : undefined,
    channel_layout: channels > 0 && count === undefined ? layout : undefined,
  }
}

function defined(values: Entry): Entry {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
