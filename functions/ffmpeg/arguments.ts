/**
 * Argument lists for FFmpeg and ffprobe. Pure. Each was run on the embedded build of 2018 and on 5.1
 * (`reference/media.md`, section 3; `test/contract/ffmpeg-builds.test.ts`). No part of an object's key and no text out of
 * a file may enter one: what is in them are our own words, numbers, and an address behind its scheme.
 * @module
 */
import ffmpeg, { type FfmpegCommand } from 'fluent-ffmpeg'
import * as allowed from './allowed.ts'
import type { MediaInput } from './media-input.ts'

/** The first words of a run that makes files: what it prints is for `diagnosis.ts`, and its progress comes by a pipe. */
export const COMMON_WORDS: readonly string[] =
  '-hide_banner -nostdin -nostats -y -loglevel warning -progress pipe:3'.split(' ')

/**
 * ffprobe, for one JSON document on standard output; its warnings go to standard error.
 *
 * @param logLevel - `info` for the text for people as well, which `dump.ts` reads
 */
export function probeArguments(
  input: MediaInput,
  logLevel: 'warning' | 'info' = 'warning',
): readonly string[] {
  const command = guardedInput(input, `-hide_banner -v ${logLevel}`)
  add(command, 'output', '-show_error -show_format -show_streams -show_chapters -of json')
  return argumentsOf(command)
}

/** ffprobe, for one CSV line on standard output for each packet: stream, presentation time, decoding time, size, flags. */
export function listingArguments(input: MediaInput): readonly string[] {
  const command = guardedInput(input, `-hide_banner -v warning -fflags ${listed(input)}`)
  const entries = 'packet=stream_index,pts_time,dts_time,duration_time,size,flags'
  add(command, 'output', `-show_entries ${entries} -of csv=p=0`)
  return argumentsOf(command)
}

function listed({ isWholeAsked = false }: MediaInput): string {
  return isWholeAsked ? '+genpts+discardcorrupt' : '+genpts'
}

/** FFmpeg, for one line on standard output for each packet of these streams, which it copies: `packets.ts` reads them. */
export function plainListingArguments(input: MediaInput, streams: readonly number[]): readonly string[] {
  const command = guardedInput(
    input,
    `-hide_banner -nostdin -nostats -loglevel warning -fflags ${listed(input)}`,
  )
  const maps = streams.map((index) => `-map 0:${index}`).join(' ')
  add(command, 'output', `${maps} -c copy -copyinkf -copyts -f framecrc`)
  command.output('pipe:1')
  return argumentsOf(command)
}

/** FFmpeg, for a line on standard output at each beginning and end of a silence of 0.3 s or more. */
export function silenceArguments(input: MediaInput, stream: number): readonly string[] {
  const command = guardedInput(input, '-hide_banner -nostdin -nostats -loglevel warning -progress pipe:3')
  add(
    command,
    'output',
    `-map 0:${stream} -af silencedetect=noise=-40dB:d=0.3,ametadata=mode=print:file=pipe\\\\:1 -f null`,
  )
  command.output('-')
  return argumentsOf(command)
}

/** How an input is read. */
export interface Reading {
  /** From the first packet that is shown then or later, counted from the beginning of the file. */
  readonly seekSeconds?: number
  readonly lengthSeconds?: number
  /** All but keyframes is skipped before it is decoded. */
  readonly isKeyframesOnly?: boolean
  /** Of its decoders. @defaultValue FFmpeg's choice */
  readonly threads?: number
  /** Incomplete packets are left out. */
  readonly isDamagedFine?: boolean
}

/** The words for one input of a caller's own command line of FFmpeg or ffprobe; they end with `-i <address>`. */
export function inputArguments(input: MediaInput, reading: Reading = {}): readonly string[] {
  const { seekSeconds, lengthSeconds, isKeyframesOnly = false, threads, isDamagedFine = false } = reading
  const own = [
    isDamagedFine ? '-fflags +genpts+discardcorrupt' : '-fflags +genpts',
    threads === undefined ? '' : `-threads ${threads}`,
    isKeyframesOnly ? '-skip_frame nokey' : '',
    seekSeconds === undefined ? '' : `-ss ${decimal(seekSeconds)}`,
    lengthSeconds === undefined ? '' : `-t ${decimal(lengthSeconds)}`,
  ]
  return argumentsOf(guardedInput(input, own.join(' ')))
}

/** FFmpeg, for a line on standard output for each packet that brings parameters of HEVC (VPS, SPS, PPS). */
export function parameterSetsArguments(input: MediaInput, stream: number): readonly string[] {
  const command = guardedInput(input, '-hide_banner -nostdin -nostats -loglevel warning -progress pipe:3')
  add(command, 'output', `-map 0:${stream} -c copy -bsf:v filter_units=pass_types=32-34 -f framemd5`)
  command.output('-')
  return argumentsOf(command)
}

/** The requested cuts: every so many seconds, or at times on the timeline of the source. */
export type Cuts = { readonly everySeconds: number } | { readonly atSeconds: readonly number[] }

export interface ChunksOptions {
  readonly input: MediaInput
  readonly streams: readonly OutputStream[]
  readonly cuts: Cuts
  /** FFmpeg's name of the container, such as `mp4`. */
  readonly muxer: string
  /** With one `%05d`, relative to the working folder. */
  readonly outputPattern: string
  /** The number of the first piece. @defaultValue 0 */
  readonly firstSegment?: number
  /** Everything later is left out. */
  readonly untilSeconds?: number | undefined
}

/** A stream of the chunks. */
export interface OutputStream {
  /** Its number in the source. */
  readonly index: number
  /** FFmpeg's letter for its kind. */
  readonly kind: 'v' | 'a' | 's'
  /** Of subtitles. @defaultValue 'copy' */
  readonly encoder?: string
  /** Its language and title go along. @defaultValue true */
  readonly hasTags?: boolean
}

export interface CopyChunksOptions extends ChunksOptions {
  /** The readable part of a truncated file is kept. */
  readonly keepsGoodPart?: boolean
  /** Incomplete packets, or packets that go back in time, do not end it. */
  readonly isRaggedFine?: boolean
  /** How much earlier than a cut its keyframe may come. */
  readonly earlySeconds: number
  /** Of the picture. @defaultValue FFmpeg's own choice */
  readonly tag?: 'hvc1' | undefined
}

/** Their boxes of Dolby Vision, 360° and 3D are in no final standard, so FFmpeg leaves them out unless asked. */
const STRICT_MUXERS = ['mp4', 'mov']

/**
 * Pieces cut at keyframes, nothing re-encoded.
 *
 * - `-xerror`: without it FFmpeg exits with 0 on truncated files. With it, it refuses two transport streams in one file.
 * - `-copyinkf`: without it all pictures before the first keyframe are silently left out, even decodable ones.
 * - `+discardcorrupt`: incomplete packets are dropped.
 */
export function copyChunksArguments(options: CopyChunksOptions): readonly string[] {
  return chunksArguments(options, {
    input: options.keepsGoodPart || options.isRaggedFine ? '' : '-xerror',
    flags: options.keepsGoodPart ? '+genpts+discardcorrupt' : '+genpts',
    output: `-c:v copy -copyinkf:v ${options.tag === undefined ? '' : `-tag:v ${options.tag}`} -c:a copy
      ${STRICT_MUXERS.includes(options.muxer) ? '-segment_format_options strict=unofficial' : ''}`,
    earlySeconds: options.earlySeconds,
  })
}

/**
 * The arguments shared by all ways of cutting; standard output gets a CSV line for each finished piece.
 *
 * - `level+verbose`: with it FFmpeg says at its end how many packets it read and wrote (`packet-counts.ts`).
 * - `+genpts`: AVI, MPEG-PS and MPEG-2 in TS store no presentation times for some frames; no muxer takes a packet without.
 * - `-avoid_negative_ts disabled`: otherwise every time in the list is late by the delay of B-frames.
 */
export function chunksArguments(
  { input, streams, cuts, muxer, outputPattern, firstSegment = 0, untilSeconds }: ChunksOptions,
  own: {
    readonly input: string
    readonly flags: string
    readonly output: string
    /** How much too early a cut may be. */
    readonly earlySeconds: number
  },
): readonly string[] {
  const first = `-hide_banner -nostdin -nostats -loglevel level+verbose -progress pipe:3 ${own.input} -fflags ${own.flags}`
  const command = guardedInput(input, first)
  const maps = streams.map(({ index }) => `-map 0:${index}`)
  const tags = streams.flatMap(({ index, hasTags = true }, place) =>
    // A timecode is true only for the start of the source.
    hasTags ? [`-map_metadata:s:${place} 0:s:${index} -metadata:s:${place} timecode=`] : [],
  )
  const subtitles = streams
    .filter(({ kind }) => kind === 's')
    .map(({ encoder = 'copy' }, place) => `-c:s:${place} ${encoder}`)
  add(
    command,
    'output',
    `${maps.join(' ')} -map_chapters -1 -map_metadata -1 ${tags.join(' ')} ${own.output} ${subtitles.join(' ')}
    ${untilSeconds === undefined ? '' : `-t ${decimal(untilSeconds)}`} -max_muxing_queue_size 4096 -avoid_negative_ts disabled -reset_timestamps 1
    -f segment ${cutsOf(cuts)} -segment_time_delta ${decimal(own.earlySeconds)} -segment_format ${muxer}
    ${firstSegment === 0 ? '' : `-segment_start_number ${firstSegment}`} -segment_list pipe:1 -segment_list_type csv`,
  )
  command.output(outputPattern)
  return argumentsOf(command)
}

/** No times at all are one piece, which the muxer makes of a length that no file has. */
function cutsOf(cuts: Cuts): string {
  if ('everySeconds' in cuts) return `-segment_time ${cuts.everySeconds}`
  if (cuts.atSeconds.length === 0) return '-segment_time 100000000'
  return `-segment_times ${cuts.atSeconds.map(decimal).join(',')}`
}

/**
 * `-reconnect`: without it the build of 2018 silently takes a connection that ends early for the end of the file;
 * with it, each lost connection is a line on standard error (`diagnosis.ts`). There is no time limit: the proxy may hold
 * bytes back for as long as uploads take.
 */
function guardedInput({ address, isUrl, isPart = false, demuxer }: MediaInput, first: string): FfmpegCommand {
  const command = ffmpeg(address)
  const subfile = isPart ? ',subfile' : ''
  const transport = isUrl
    ? `-protocol_whitelist http,tcp${subfile} -reconnect 1 -reconnect_delay_max 0`
    : `-protocol_whitelist file${subfile}`
  add(
    command,
    'input',
    `${first} -max_alloc ${allowed.MAX_ALLOCATION_BYTES} ${transport} ${demuxer === undefined ? '' : `-f ${demuxer}`}
    -format_whitelist ${demuxer ?? allowed.FORMATS.join(',')} -codec_whitelist ${allowed.CODECS.join(',')}
    -max_pixels ${allowed.MAX_PIXELS} -max_streams ${allowed.MAX_STREAMS}
    -probesize ${allowed.PROBE_BYTES} -analyzeduration ${allowed.ANALYZE_MICROS}`,
  )
  return command
}

/**
 * Options whose values have no spaces. Handed over as separate arguments: given one string or an array, fluent-ffmpeg
 * splits at a space itself, and only some of the time.
 */
function add(command: FfmpegCommand, side: 'input' | 'output', text: string): void {
  const words = text.trim().split(/\s+/) as [string, string, ...string[]]
  if (side === 'input') command.inputOptions(...words)
  else command.outputOptions(...words)
}

/** Without an exponent, which FFmpeg's expressions would read as a constant named e. */
export function decimal(seconds: number): string {
  return seconds.toFixed(6)
}

/** fluent-ffmpeg has no public way to the list alone; its own spawner is never used (design section 10 says why). */
function argumentsOf(command: FfmpegCommand): readonly string[] {
  return command._getArguments()
}
