/** Where a file is cut, if not every n seconds: into a number of parts, or into pieces of a number of bytes. Pure. @module */
import type { Group } from '../../media/packets/listing.ts'
import type { Silence } from '../../media/packets/silence.ts'

/** Of a container with nothing in it: its header and the description of its streams. */
const CONTAINER_BYTES = 8_192
const STREAM_BYTES = 2_048
/** Of a piece of sound: from here on a silence is a better place for a cut than its very end. */
const SILENCE_FROM = 0.7

export type BytesCuts =
  | { readonly isPossible: true; readonly atSeconds: readonly number[] }
  /** Between two possible cuts there is more than a piece may have. */
  | {
      readonly isPossible: false
      readonly startSeconds: number
      readonly endSeconds: number
      readonly bytes: number
    }

export interface BytesRequest {
  readonly groups: readonly Group[]
  readonly endSeconds: number
  /** That no piece may exceed. */
  readonly limitBytes: number
  readonly streams: number
  readonly silences?: readonly Silence[]
}

/** As few pieces as fit, each cut as late as it can be, or in the last silence before that. */
export function cutsByBytes({
  groups,
  endSeconds,
  limitBytes,
  streams,
  silences = [],
}: BytesRequest): BytesCuts {
  const fixedBytes = CONTAINER_BYTES + streams * STREAM_BYTES
  const atSeconds: number[] = []
  let first = 0
  let bytes = fixedBytes
  for (let place = 0; place < groups.length; place++) {
    const group = groups[place] as Group
    if (fixedBytes + group.bytes > limitBytes) {
      const nextSeconds = groups[place + 1]?.startSeconds ?? endSeconds
      return {
        isPossible: false,
        startSeconds: group.startSeconds,
        endSeconds: nextSeconds,
        bytes: group.bytes,
      }
    }
    if (bytes + group.bytes <= limitBytes) {
      bytes += group.bytes
      continue
    }
    place = quietPlace(groups, first, place, silences)
    atSeconds.push(groups[place]?.startSeconds ?? 0)
    first = place
    bytes = fixedBytes + (groups[place]?.bytes ?? 0)
  }
  return { isPossible: true, atSeconds }
}

/** The last group that begins in a silence, not long before the latest one that can begin a piece; else that one. */
function quietPlace(
  groups: readonly Group[],
  first: number,
  latest: number,
  silences: readonly Silence[],
): number {
  const [firstSeconds, latestSeconds] = [groups[first]?.startSeconds ?? 0, groups[latest]?.startSeconds ?? 0]
  const earliestSeconds = firstSeconds + (latestSeconds - firstSeconds) * SILENCE_FROM
  const silence = silences.findLast(
    (each) => each.startSeconds <= latestSeconds && each.endSeconds >= earliestSeconds,
  )
  if (!silence) return latest
  const middleSeconds = Math.min((silence.startSeconds + silence.endSeconds) / 2, latestSeconds)
  const found = groups.findLastIndex(
    ({ startSeconds }) => startSeconds <= Math.max(middleSeconds, earliestSeconds),
  )
  return found > first && found <= latest ? found : latest
}

/** Equal parts of time: where each but the first one should begin. */
export function equalParts(parts: number, endSeconds: number): readonly number[] {
  return Array.from({ length: parts - 1 }, (_, index) => ((index + 1) * endSeconds) / parts)
}

/** The possible cuts that are nearest to the wanted ones; fewer where there are not as many. */
export function nearestCuts(groups: readonly Group[], wantedSeconds: readonly number[]): readonly number[] {
  const possible = groups.slice(1).map(({ startSeconds }) => startSeconds)
  const chosen = new Set<number>()
  let place = 0
  for (const wanted of wantedSeconds) {
    const distance = (at: number) => Math.abs((possible[at] ?? Infinity) - wanted)
    while (distance(place + 1) < distance(place)) place++
    const nearest = possible[place]
    if (nearest !== undefined) chosen.add(nearest)
  }
  return [...chosen]
}
