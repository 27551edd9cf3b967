/** FFmpeg's last lines -> one reason in words for people, and whether another attempt could help. Pure. @module */
import type { FfmpegResult } from './result.ts'

export interface Diagnosis {
  /** A sentence without its full stop; it quotes no path and no part of the object's key. */
  readonly reason: string
  /** The file is the cause: another attempt would end the same. */
  readonly isPermanent: boolean
}

type Facts = Pick<FfmpegResult, 'tool' | 'exitCode' | 'signal' | 'lastLines' | 'notableLines' | 'stoodStill'>
/** Its messages: a flood of other lines hides none of them. */
type Said = Pick<Facts, 'lastLines' | 'notableLines'>
type Row = readonly [pattern: RegExp, reason: (match: RegExpExecArray) => string]

/**
 * FFmpeg's messages about a failed HTTP connection. It may continue after them, but the result is not to be trusted: the range
 * proxy loses no connection unless it cannot deliver the rest.
 */
const LOST_INPUT =
  /Will reconnect at|Failed to reconnect|Stream ends prematurely|HTTP error [45]|Server returned [45]|Connection re(set|fused)/i

/** Causes outside the file. Checked first: a full disk causes other errors too. */
const PASSING: readonly Row[] = [
  [LOST_INPUT, () => 'the source could not be read to its end'],
  [/No space left on device/i, () => 'the disk for scratch files is full'],
  [/Disk quota exceeded/i, () => 'the quota of the disk for scratch files is used up'],
  [/Too many open files/i, () => 'too many files are open'],
  [/Resource temporarily unavailable/i, () => 'the system has no processes or threads left'],
  [
    /Permission denied|Read-only file system/i,
    () => 'a file in the scratch folder is not accessible: permission denied',
  ],
]

const INCOMPLETE = /corrupt input packet|Packet corrupt|partial file|File ended prematurely|Truncat/i
const UNDECODABLE =
  /error while decoding|decode_\w+ error|concealing \d+|corrupt decoded frame|non-existing PPS|Header missing|Invalid data found/i

/** A demuxer that finds garbage looks for the next packet after it. */
const PASSED_OVER =
  /\[matroska[^\]]*\] (Read error at pos|0x\w+ at pos .* invalid as first byte of an EBML)|\[flv[^\]]*\] Packet mismatch|\[ogg[^\]]*\] CRC mismatch/i

const TOO_MUCH_MEMORY = 'it needs more memory than one file may have'
/** Printed at our limit on its total memory, or on one allocation; FFmpeg may end, continue without that piece, or hang. */
export const SHORT_OF_MEMORY = /malloc of size \d+ failed|(Cannot|Could not) allocate memory|out of memory/i

/** Messages that end FFmpeg, the most telling first: FFmpeg often prints the cause before its consequences. */
const FATAL: readonly Row[] = [
  // Printed first by an encoder that runs into our memory limit; more of the same follows.
  [/malloc of size \d+ failed/i, () => TOO_MUCH_MEMORY],
  [
    /Unknown encoder '(\w+)'/i,
    ([, name]) => `this FFmpeg has no encoder ${name} (sluice doctor lists what is missing)`,
  ],
  [
    /No such filter: '(\w+)'/i,
    ([, name]) => `this FFmpeg has no filter ${name} (sluice doctor lists what is missing)`,
  ],
  [
    /Unrecognized option '([\w:]+)'|Option ([\w:]+) not found/i,
    ([, first, second]) =>
      `this FFmpeg has no option -${first ?? second} (sluice doctor lists what is missing)`,
  ],
  [
    /Requested output format '(\w+)' is not|Unknown input format: '(\w+)'/i,
    ([, written, read]) =>
      `this FFmpeg cannot ${written === undefined ? `read ${read}` : `write ${written}`} (sluice doctor lists what is missing)`,
  ],
  [/moov atom not found/i, () => 'moov atom not found: the file is truncated or not an MP4'],
  [
    /EBML header parsing failed/i,
    () => 'EBML header parsing failed: the file is damaged or neither Matroska nor WebM',
  ],
  [/\[([\w,]+)[^\]]*\] Format not on whitelist/i, ([, name]) => `its format (${name}) is not accepted here`],
  [
    /Protocol '?(\w+)'? not on whitelist/i,
    ([, name]) => `it refers to another file or host (${name}), which is not opened`,
  ],
  [/max_streams parameter/i, () => 'it has more streams than are accepted'],
  [
    /Could not find tag for codec (\w+)/i,
    ([, name]) => `its codec (${name}) does not fit into the container of the chunks`,
  ],
]

/** Printed for each stream whose decoder is not accepted, including those that are left out. */
const FOREIGN: Row = [
  /Codec \((\w+)\) not on whitelist/i,
  ([, name]) => `its codec (${name}) is not accepted here`,
]

/** Printed for valid files that a decoder does not support: nothing is damaged. */
const UNSUPPORTED =
  /(is|are) not implemented\b.*Update your FFmpeg|unsupported (\S+ ){0,2}profile|profile \S+ (is )?(not supported|unsupported)|unsupported (bit depth|chroma|color|pixel format)/i

/** Messages that FFmpeg may also print and continue after, so they count most in its last lines. */
const SURVIVABLE: readonly Row[] = [
  [INCOMPLETE, () => 'a packet is incomplete: the file is truncated or damaged'],
  [/error reading header/i, () => 'the header cannot be read: the file is truncated or damaged'],
  [UNSUPPORTED, () => 'it uses a coding feature that this FFmpeg cannot read; a newer one may'],
  [/corrupt decoded frame/i, () => 'a picture cannot be decoded: the file is damaged'],
  [
    /dimensions not set|incorrect codec parameters|Could not find codec parameters/i,
    () => 'the picture or sound cannot be described: the file is damaged',
  ],
  [
    /unknown timestamp|non[- ]monoton|Can't write packet/i,
    () => 'its timestamps are missing or out of order',
  ],
  [/Invalid data found/i, () => 'invalid data found: the file is damaged or not a media file'],
  [
    /^(file:\S+|source): Invalid argument/i,
    () => 'its headers make no sense: the file is damaged or not a media file',
  ],
  [/End of file/i, () => 'the file ends too early'],
  // Our own limit on one allocation, which a lying header runs into whenever it is tried.
  [/^(file:\S+|source): Cannot allocate memory/i, () => 'it asks for more memory than one file may have'],
]

/** Written by ffprobe when it guesses a length from the bit rate. */
export const ESTIMATED = /Estimating duration from bitrate/

/** Lines that are kept however many others come after them. */
export const NOTABLE: readonly RegExp[] = [
  UNDECODABLE,
  PASSED_OVER,
  SHORT_OF_MEMORY,
  ESTIMATED,
  ...[...PASSING, ...FATAL, FOREIGN, ...SURVIVABLE].map(([pattern]) => pattern),
]

/** Last lines that do not name the cause. */
const EMPTY_WORDS = /^(aborting\.|Conversion failed!|(Last|last) message repeated .*)$/

const CRASHES: ReadonlySet<NodeJS.Signals> = new Set(['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL', 'SIGFPE'])

/** Of a run without `-xerror`: it ended well although the file is truncated. */
export function isCutShort(said: Said): boolean {
  return hasSaid(said, INCOMPLETE)
}

/** Whether a failed run hit the end of a truncated file: then everything before it is good. */
export function hasBrokenOff(said: Said): boolean {
  return hasSaid(said, INCOMPLETE) || hasSaid(said, /End of file|error reading header/i)
}

/** The cause that ends a copy with `-xerror`: a packet that is decoded no later than the one before it. Some builds print only the last word. */
export function isOutOfOrder({ exitCode, ...said }: Said & Pick<Facts, 'exitCode'>): boolean {
  return exitCode !== 0 && !hasSaid(said, INCOMPLETE) && hasSaid(said, /non-monoton\w+ DTS|^aborting\.$/i)
}

/** Of a run without `-xerror`: parts that FFmpeg could not decode are left out, or concealed from their surroundings. */
export function decodingWarning(said: Said): string | undefined {
  return hasSaid(said, UNDECODABLE)
    ? 'FFmpeg could not decode all of the source: some pictures or sounds are missing or damaged'
    : undefined
}

/** The skipped part is in no count: these containers declare none. */
export function passedOverWarning(said: Said): string | undefined {
  return hasSaid(said, PASSED_OVER)
    ? 'the file is damaged inside: FFmpeg skipped a part of it, which is missing from the result'
    : undefined
}

export function hasLostInput(said: Said): boolean {
  return hasSaid(said, LOST_INPUT)
}

/** Of a run of ffprobe: a decoder that is not accepted is all that stopped it. */
export function hasForeignStream(said: Said): boolean {
  return hasSaid(said, FOREIGN[0])
}

function hasSaid({ lastLines, notableLines = [] }: Said, pattern: RegExp): boolean {
  return [notableLines, lastLines].flat().some((line) => pattern.test(line))
}

export function diagnose(result: Facts): Diagnosis {
  const { signal, tool, lastLines, notableLines = [], stoodStill = false } = result
  if (stoodStill) return { reason: TOO_MUCH_MEMORY, isPermanent: true }
  if (signal !== undefined) return ofSignal(tool, signal)
  const all = [...notableLines, ...lastLines]
  const passing = firstMatch(PASSING, all)
  if (passing !== undefined) return { reason: passing, isPermanent: false }
  // ffprobe opens every decoder. FFmpeg prints the same and continues without the stream.
  const fatal = tool === 'ffprobe' ? [FOREIGN, ...FATAL] : FATAL
  const survivable = [...SURVIVABLE, FOREIGN]
  const permanent =
    firstMatch(fatal, all) ?? firstMatch(survivable, lastLines) ?? firstMatch(survivable, notableLines)
  if (permanent !== undefined) return { reason: permanent, isPermanent: true }
  if (lastLines.some((line) => /Cannot allocate memory/i.test(line))) {
    return { reason: 'there was not enough memory', isPermanent: false }
  }
  const last = lastLines.findLast((line) => !EMPTY_WORDS.test(line)) ?? lastLines.at(-1)
  const quoted =
    last === undefined ? `${tool} ended with exit code ${result.exitCode}` : withoutAddresses(last)
  return { reason: quoted, isPermanent: true }
}

function ofSignal(tool: string, signal: NodeJS.Signals): Diagnosis {
  if (CRASHES.has(signal)) return { reason: `${tool} crashed on this file (${signal})`, isPermanent: true }
  if (signal === 'SIGXFSZ')
    return {
      reason: 'a file that FFmpeg was making grew larger than the source can explain',
      isPermanent: true,
    }
  if (signal === 'SIGXCPU') return { reason: `${tool} used up its processor time`, isPermanent: true }
  const why = signal === 'SIGKILL' ? ', often because the machine ran out of memory' : ''
  return { reason: `${tool} was killed from outside (${signal})${why}`, isPermanent: false }
}

function firstMatch(rows: readonly Row[], lines: readonly string[]): string | undefined {
  for (const [pattern, reason] of rows) {
    for (const line of lines) {
      const match = pattern.exec(line)
      if (match) return reason(match)
    }
  }
  return undefined
}

/** `[mov,mp4 @ 0x55d0] text` -> `[mov,mp4] text`: addresses differ from run to run, so equal reasons would not look equal. */
function withoutAddresses(line: string): string {
  return line.replaceAll(/ @ 0x[0-9a-f]+/g, '').slice(0, 300)
}
