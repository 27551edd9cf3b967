/**
 * WebVTT that every parser reads, from FFmpeg's, which escapes nothing and gives a cue without an end 1193 hours. Pure.
 * Shared by `captions`, the subtitles of `hls` and the cues of pictures. Source of the rules: W3C WebVTT, 4 to 6.
 * @module
 */
import { PermanentError } from '../../runtime/index.ts'
import { cueText } from './cue-text.ts'

export interface Cue {
  /** On the timeline of the result. */
  readonly startSeconds: number
  /** Greater than {@link startSeconds}. */
  readonly endSeconds: number
  /** In WebVTT's own spelling, as {@link cueText} writes it: escaped, no empty line, not empty. */
  readonly text: string
}

export interface CueReaderOptions {
  /** The end of the film: no cue lasts longer, and one that begins later is left out. */
  readonly lengthSeconds?: number | undefined
}

export interface CueReader {
  /**
   * Takes the next line of FFmpeg's output, without its line break.
   *
   * @throws {PermanentError} when the text is larger than a film's could be
   */
  add(line: string): void
  /** The cues so far, by their start; those that are empty or end before they begin are left out. */
  cues(): readonly Cue[]
}

/** A film's subtitles have some 100 KB. */
const MAX_CHARACTERS = 32 * 1024 ** 2
/** A line takes memory besides its text: a file may have millions of empty ones. */
const LINE_CHARACTERS = 32

/** How much of a limit on text a line takes. */
export function costOf(line: string): number {
  return line.length + LINE_CHARACTERS
}

/** Of all subtitles of a file together. */
const MAX_ALL_CHARACTERS = 64 * 1024 ** 2

/** Counts the lines of all of them; the call throws a {@link PermanentError} when they are more than is accepted. */
export function createTextLimit(): (line: string) => void {
  let characters = 0
  return (line) => {
    characters += costOf(line)
    if (characters > MAX_ALL_CHARACTERS)
      throw new PermanentError('its subtitles have more than 64 MiB of text, which is not accepted')
  }
}

const TIMING =
  /^(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3}) --> (?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})(?:\s.*)?$/

interface Raw {
  readonly startSeconds: number
  readonly endSeconds: number
  readonly lines: string[]
}

/** Reads what FFmpeg's muxer `webvtt` writes, line by line. */
export function createCueReader({ lengthSeconds = Infinity }: CueReaderOptions = {}): CueReader {
  const raws: Raw[] = []
  let isAfterGap = true
  let characters = 0
  const add = (line: string): void => {
    characters += costOf(line)
    if (characters > MAX_CHARACTERS) throw new PermanentError('its subtitles have more than 32 MiB of text')
    // A timing inside a cue's text does not follow an empty line.
    const times = isAfterGap ? TIMING.exec(line) : null
    isAfterGap = line.trim() === ''
    if (times) {
      raws.push({ startSeconds: secondsOf(times, 1), endSeconds: secondsOf(times, 5), lines: [] })
    } else raws.at(-1)?.lines.push(line)
  }
  const cues = (): readonly Cue[] =>
    raws
      .map(({ startSeconds, endSeconds, lines }) => {
        const end = Math.min(endSeconds, lengthSeconds)
        return { startSeconds, endSeconds: end, text: cueText(lines.join('\n'), startSeconds, end) }
      })
      .filter(({ startSeconds, endSeconds, text }) => text !== '' && endSeconds > startSeconds)
      .sort((a, b) => a.startSeconds - b.startSeconds)
  return { add, cues }
}

function secondsOf(match: RegExpExecArray, first: number): number {
  const [hours, minutes, seconds, ms] = [0, 1, 2, 3].map((at) => Number(match[first + at] ?? 0))
  return (hours ?? 0) * 3_600 + (minutes ?? 0) * 60 + (seconds ?? 0) + (ms ?? 0) / 1_000
}

/** The cues of a whole text: {@link createCueReader} for callers that have it. */
export function cuesOf(text: string, options?: CueReaderOptions): readonly Cue[] {
  const reader = createCueReader(options)
  let from = text.startsWith('\uFEFF') ? 1 : 0
  // One after the other: all of them at once would take many times the memory of the text.
  for (const { 0: end, index } of text.matchAll(/\r\n|\n|\r/g)) {
    reader.add(text.slice(from, index))
    from = index + end.length
  }
  reader.add(text.slice(from))
  return reader.cues()
}

/** A whole file. Without cues it is one that has none, which players accept. */
export function webvtt(cues: readonly Cue[]): string {
  const blocks = cues.map(
    ({ startSeconds, endSeconds, text }) => `\n${clock(startSeconds)} --> ${clock(endSeconds)}\n${text}\n`,
  )
  return `WEBVTT\n${blocks.join('')}`
}

/** Such as `00:01:02.345`; hours have two digits or more. */
export function clock(seconds: number): string {
  const ms = Math.round(seconds * 1_000)
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const rest = String(ms % 1_000).padStart(3, '0')
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1_000) % 60)}.${rest}`
}
