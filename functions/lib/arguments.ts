/**
 * Argument lists for FFmpeg and ffprobe. Pure. Each was run on the embedded build of 2018 and on 5.1
 * (`reference/media.md`, section 3; `test/contract/ffmpeg-builds.test.ts`). No part of an object's key or of what a
 * file says about itself may enter one: paths are relative to the working folder and behind `file:`.
 * @module
 */
import ffmpeg, { type FfmpegCommand } from 'fluent-ffmpeg'
import * as allowed from './allowed.ts'

/** ffprobe, for one JSON document on standard output; what it has doubts about goes to standard error. */
export function probeArguments(inputPath: string): readonly string[] {
  const command = guardedInput(inputPath, '-hide_banner -v warning')
  add(command, 'output', '-show_error -show_format -show_streams -show_chapters -of json')
  return argumentsOf(command)
}

export interface CopyChunksOptions {
  readonly inputPath: string
  /** The streams to keep, by their index in the file. */
  readonly streamIndexes: readonly number[]
  readonly seconds: number
  /** FFmpeg's name of the container, such as `mp4`. */
  readonly muxer: string
  /** With one `%05d`, relative to the working folder. */
  readonly outputPattern: string
}

/**
 * Pieces of about `seconds` cut at keyframes, nothing re-encoded; standard output gets a CSV line for each that is final.
 *
 * - `-xerror`: without it FFmpeg ends with 0 on files that break off.
 * - `+genpts`: AVI, MPEG-PS and MPEG-2 in TS store no presentation times for some frames; no muxer takes a packet without.
 * - `-avoid_negative_ts disabled`: else every time in the list is late by the delay of B-frames.
 */
export function copyChunksArguments(options: CopyChunksOptions): readonly string[] {
  const command = guardedInput(
    options.inputPath,
    '-hide_banner -nostdin -nostats -loglevel warning -progress pipe:3 -xerror -fflags +genpts',
  )
  const maps = options.streamIndexes.map((index) => `-map 0:${index}`).join(' ')
  add(
    command,
    'output',
    `${maps} -map_chapters -1 -map_metadata -1 -c copy -max_muxing_queue_size 4096
    -avoid_negative_ts disabled -reset_timestamps 1
    -f segment -segment_time ${options.seconds} -segment_time_delta 0.05 -segment_format ${options.muxer}
    -segment_list pipe:1 -segment_list_type csv`,
  )
  command.output(options.outputPattern)
  return argumentsOf(command)
}

function guardedInput(inputPath: string, first: string): FfmpegCommand {
  const command = ffmpeg(`file:${inputPath}`)
  add(
    command,
    'input',
    `${first} -max_alloc ${allowed.MAX_ALLOCATION_BYTES} -protocol_whitelist file
    -format_whitelist ${allowed.FORMATS.join(',')} -codec_whitelist ${allowed.CODECS.join(',')}
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

/** fluent-ffmpeg has no public way to the list alone; its own spawner is never used (design section 10 says why). */
function argumentsOf(command: FfmpegCommand): readonly string[] {
  return command._getArguments()
}
