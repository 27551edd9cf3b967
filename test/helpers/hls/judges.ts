/** A presentation as readers by others see it: their parsers of playlists, manifests, segments and cues. @module */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import * as HLS from 'hls-parser'
import { createFile } from 'mp4box'

const require = createRequire(import.meta.url)
/** They have no types. */
const { Parser } = require('m3u8-parser') as {
  Parser: new () => {
    push(text: string): void
    end(): void
    readonly manifest: {
      readonly endList?: boolean
      readonly playlistType?: string
      readonly segments: readonly { readonly duration: number }[]
    }
  }
}
const mpd = require('mpd-parser') as {
  parse(
    this: void,
    text: string,
    options: {
      readonly manifestUri: string
      readonly eventHandler: (event: { readonly type: string; readonly message: string }) => void
    },
  ): { readonly duration: number; readonly playlists: readonly { readonly segments: readonly unknown[] }[] }
}
const { WebVTTParser } = require('webvtt-parser') as {
  WebVTTParser: new () => {
    parse(text: string, mode: string): { readonly errors: readonly { readonly message: string }[] }
  }
}

HLS.setOptions({ strictMode: true })

export interface Judged {
  /** All that any of them has to say against it. */
  readonly complaints: readonly string[]
  /** `640x360 avc1.64001E,mp4a.40.2`, by bandwidth. */
  readonly variants: readonly string[]
  readonly sounds: readonly string[]
  readonly subtitles: readonly string[]
  /** By the playlist. */
  readonly durations: Readonly<Record<string, readonly number[]>>
}

/** Times that playlists round to microseconds, and builds of FFmpeg to a tick. */
const APART_SECONDS = 0.0011

/** @param folder - of the attempt's files, with the whole master in it */
export function judged(folder: string): Judged {
  const complaints: string[] = []
  const durations: Record<string, readonly number[]> = {}
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  const master = HLS.parse(read('master.m3u8'))
  if (!master.isMasterPlaylist) throw new Error('master.m3u8 is not a master playlist')
  const { variants } = master
  interface Rendition {
    readonly uri?: string | undefined
    readonly name: string
    readonly language?: string | undefined
  }
  const renditions = (kind: 'audio' | 'subtitles'): readonly Rendition[] =>
    variants.flatMap((variant): readonly Rendition[] => variant[kind])
  const uris = new Set<string>([
    ...variants.map(({ uri }) => uri),
    ...(['audio', 'subtitles'] as const).flatMap((kind) => renditions(kind).map(({ uri = '' }) => uri)),
  ])
  const targets = new Set<number>()
  for (const uri of uris) {
    const say = (what: string) => complaints.push(`${uri}: ${what}`)
    const text = read(uri)
    const playlist = HLS.parse(text)
    if (playlist.isMasterPlaylist) throw new Error(`${uri} is a master playlist`)
    const other = new Parser()
    other.push(text)
    other.end()
    if (!other.manifest.endList || other.manifest.playlistType !== 'VOD')
      say('m3u8-parser finds no end, or no VOD')
    const isText = uri.startsWith('sub')
    const isKeys = uri.endsWith('iframes.m3u8')
    if (!isText && !isKeys) targets.add(playlist.targetDuration)
    durations[uri] = playlist.segments.map(({ duration }) => duration)
    for (const segment of playlist.segments) {
      const file = join(folder, dirname(uri), segment.uri)
      if (!existsSync(file)) say(`${segment.uri} is missing`)
      if (Math.round(segment.duration) > playlist.targetDuration)
        say(`${segment.uri} lasts longer than the target`)
      const range = segment.byterange
      if (range && (range.offset ?? 0) + range.length > statSync(file).size)
        say(`a range reaches beyond ${segment.uri}`)
    }
    if (isText) {
      // Apple's line is not in the W3C's WebVTT.
      const cues = read(join(dirname(uri), 'all.vtt')).replace(/^X-TIMESTAMP-MAP=.*\n/m, '')
      for (const { message } of new WebVTTParser().parse(cues, 'subtitles/captions').errors)
        say(`webvtt-parser: ${message}`)
      continue
    }
    // Those of transport streams are judged by ffprobe (`transport.ts`).
    if (isKeys || playlist.segments.every((segment) => segment.uri.endsWith('.ts'))) continue
    const files = ['init.mp4', ...playlist.segments.map((segment) => segment.uri)]
    const bytes = Buffer.concat(files.map((name) => readFileSync(join(folder, dirname(uri), name))))
    const track = boxesOf(bytes)
    if (!track) {
      say('mp4box finds no track')
      continue
    }
    const declared = variants
      .filter((variant) => variant.uri === uri || variant.audio.some((sound) => sound.uri === uri))
      .flatMap(({ codecs = '' }) => codecs.split(','))
    if (!declared.some((codec) => codec.toLowerCase() === track.codec.toLowerCase()))
      say(`mp4box reads ${track.codec}, and the master says ${declared.join()}`)
    const listed = playlist.segments.reduce((sum, { duration }) => sum + duration, 0)
    if (Math.abs(listed - track.seconds) > APART_SECONDS)
      say(`mp4box finds samples for ${track.seconds} s, and the playlist says ${listed} s`)
    for (const variant of variants.filter((each) => each.uri === uri)) {
      const { resolution } = variant
      if (
        resolution &&
        track.width !== undefined &&
        ![resolution.width, resolution.height].includes(track.width)
      )
        say(
          `mp4box finds a width of ${track.width}, and the master says ${resolution.width} x ${resolution.height}`,
        )
      const rates = playlist.segments.map(
        (segment, place) =>
          (8 * statSync(join(folder, dirname(uri), files[place + 1] ?? '')).size) / segment.duration,
      )
      const isLong = playlist.segments.every(({ duration }) => duration >= playlist.targetDuration / 2)
      if (isLong && variant.bandwidth < 0.999 * Math.max(...rates)) say('a segment needs more than BANDWIDTH')
    }
  }
  if (targets.size > 1) complaints.push(`the targets differ: ${[...targets].join()}`)
  if (existsSync(join(folder, 'manifest.mpd'))) {
    const manifest = mpd.parse(read('manifest.mpd'), {
      manifestUri: 'http://127.0.0.1/manifest.mpd',
      eventHandler: ({ type, message }) => {
        if (type === 'warn') complaints.push(`mpd-parser: ${message}`)
      },
    })
    if (!(manifest.duration > 0)) complaints.push('mpd-parser finds no duration')
  }
  return {
    complaints,
    variants: variants
      .filter(({ isIFrameOnly }) => !isIFrameOnly)
      .map(
        ({ resolution, codecs }) =>
          `${resolution ? `${resolution.width}x${resolution.height} ` : ''}${codecs}`,
      ),
    sounds: [...new Set(renditions('audio').map(({ name, language = '-' }) => `${name} ${language}`))],
    subtitles: [...new Set(renditions('subtitles').map(({ name, language = '-' }) => `${name} ${language}`))],
    durations,
  }
}

interface Track {
  readonly codec: string
  readonly seconds: number
  readonly width?: number
}

function boxesOf(bytes: Buffer): Track | undefined {
  const file = createFile()
  let found: Track | undefined
  file.onReady = ({ tracks: [track] }) => {
    if (!track) return
    found = { codec: track.codec, seconds: 0, ...(track.video && { width: track.video.width }) }
  }
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer & {
    fileStart: number
  }
  buffer.fileStart = 0
  file.appendBuffer(buffer)
  file.flush()
  const samples = file.getTrackSamplesInfo(1)
  const [first] = samples
  if (!found || !first) return undefined
  const from = samples.reduce((least, { cts }) => Math.min(least, cts), Infinity)
  const until = samples.reduce((most, { cts, duration }) => Math.max(most, cts + duration), -Infinity)
  return { ...found, seconds: (until - from) / first.timescale }
}
