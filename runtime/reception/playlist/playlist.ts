/**
 * The HLS playlist of a session (RFC 8216): a window that slides while the session lasts, and all of it once it has ended.
 * Pure.
 * @module
 */
import { pieceUri, type SessionOf } from '../names.ts'
import type { Entry } from './timeline.ts'

/** Numbers that may not change from one version of a live playlist to the next, except as its window slides. */
export interface PlaylistBase {
  /** The media sequence number of the session's first entry. */
  readonly sequence: number
  /** The discontinuities before the session's first entry. */
  readonly discontinuities: number
  /** Never lowered: players measure their distance from the live edge with it. */
  readonly targetSeconds: number
}

export const FIRST_BASE: PlaylistBase = { sequence: 0, discontinuities: 0, targetSeconds: 1 }

/**
 * The entries that a playlist names: those in the format of the first one, since players do not get over a change of it (hls.js
 * 1.7 in Chromium fails, whatever tags are in between). Of fragmented MP4, those whose header is known. The end of a take that has
 * pictures without their sound, or sound alone, is left out: hls.js prepares for the tracks of the piece that it begins with, and gets
 * over none that comes later (`bufferAppendError`; measured with 2 to 25 such pictures). In the middle of a take it is a mute sender.
 */
export function playable(entries: readonly Entry[]): readonly Entry[] {
  const isPlayable = ({ piece }: Entry, at: number) =>
    piece.extension === '.ts'
      ? !piece.hasSilentTrack || entries[at + 1]?.piece.take === piece.take
      : piece.headerBytes !== undefined
  const extension = entries.find(isPlayable)?.piece.extension
  const named = entries.filter((entry, at) => isPlayable(entry, at) && entry.piece.extension === extension)
  return named.map((entry, at) =>
    at === 0 && entry.isDiscontinuity ? { ...entry, isDiscontinuity: false } : entry,
  )
}

/** The base for these entries: with a target that covers the longest of them. */
export function baseFor(entries: readonly Entry[], base: PlaylistBase): PlaylistBase {
  const longest = entries.reduce((most, { piece }) => Math.max(most, Math.round(piece.seconds)), 1)
  return longest <= base.targetSeconds ? base : { ...base, targetSeconds: longest }
}

/** @param windowSeconds - the newest entries that last at least so long are named, and never fewer than three */
export function livePlaylist(
  of: SessionOf,
  entries: readonly Entry[],
  base: PlaylistBase,
  windowSeconds: number,
): string {
  const from = windowStart(entries, Math.max(windowSeconds, 3 * base.targetSeconds))
  const removed = entries.slice(0, from).filter(({ isDiscontinuity }) => isDiscontinuity).length
  const discontinuities = base.discontinuities + removed
  return joined([
    ...header(base.targetSeconds),
    `#EXT-X-MEDIA-SEQUENCE:${base.sequence + from}`,
    ...(discontinuities > 0 ? [`#EXT-X-DISCONTINUITY-SEQUENCE:${discontinuities}`] : []),
    ...body(of, entries.slice(from)),
  ])
}

/** All of a session that has ended. */
export function endedPlaylist(of: SessionOf, entries: readonly Entry[]): string {
  const { targetSeconds } = baseFor(entries, FIRST_BASE)
  return joined([
    ...header(targetSeconds),
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-PLAYLIST-TYPE:VOD',
    ...body(of, entries),
    '#EXT-X-ENDLIST',
  ])
}

/**
 * The base with which a live playlist is continued that another process wrote: players see its numbers continue, also when the
 * list in hand has more or fewer entries before it than that process knew.
 */
export function baseAfter(of: SessionOf, entries: readonly Entry[], text: string): PlaylistBase {
  const tag = (name: string) => Number(new RegExp(`^#EXT-X-${name}:(\\d+)`, 'm').exec(text)?.[1] ?? 0)
  const uris = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const targetSeconds = Math.max(1, tag('TARGETDURATION'))
  const sequence = tag('MEDIA-SEQUENCE')
  const at = entries.findIndex(({ piece }) => pieceUri(of, piece) === uris[0])
  // An entry that is gone: the list continues after everything that it named.
  if (at === -1) return { sequence: sequence + uris.length, discontinuities: 0, targetSeconds }
  const removed = entries.slice(0, at).filter(({ isDiscontinuity }) => isDiscontinuity).length
  return {
    sequence: sequence - at,
    discontinuities: tag('DISCONTINUITY-SEQUENCE') - removed,
    targetSeconds,
  }
}

function windowStart(entries: readonly Entry[], windowSeconds: number): number {
  let seconds = 0
  for (let at = entries.length - 1; at >= 0; at--) {
    seconds += entries[at]?.piece.seconds ?? 0
    if (seconds >= windowSeconds && entries.length - at >= 3) return at
  }
  return 0
}

function header(targetSeconds: number): readonly string[] {
  return [
    '#EXTM3U',
    '#EXT-X-VERSION:6',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    `#EXT-X-TARGETDURATION:${targetSeconds}`,
  ]
}

function body(of: SessionOf, entries: readonly Entry[]): readonly string[] {
  // Each piece of fragmented MP4 has its header, and a window may start with any of them.
  return entries.flatMap(({ piece, isDiscontinuity, startsAtMs }, at) => [
    ...(isDiscontinuity ? ['#EXT-X-DISCONTINUITY'] : []),
    ...(isDiscontinuity || at === 0
      ? [`#EXT-X-PROGRAM-DATE-TIME:${new Date(startsAtMs).toISOString()}`]
      : []),
    ...(piece.headerBytes === undefined
      ? []
      : [`#EXT-X-MAP:URI="${pieceUri(of, piece)}",BYTERANGE="${piece.headerBytes}@0"`]),
    `#EXTINF:${piece.seconds.toFixed(6)},`,
    pieceUri(of, piece),
  ])
}

function joined(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}
