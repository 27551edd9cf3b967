/** Compares the pictures that arrived with those of the reference. Pure. @module */

/** Numbers of pictures, both included. */
export interface Run {
  readonly from: number
  readonly to: number
}

export interface Comparison {
  /** Pictures that arrived. */
  readonly count: number
  /** The first and the last picture of the reference that arrived; undefined when none did. */
  readonly span: Run | undefined
  /** Pictures that were sent and did not arrive. */
  readonly lost: readonly Run[]
  /** Pictures that no reference has: damaged ones. */
  readonly unknown: number
  /** Pictures that arrived more than once. */
  readonly doubled: readonly Run[]
  /** How often a picture came after one with a higher number. */
  readonly backwards: number
}

/**
 * @param reference - the hash of each picture that was sent, in order
 * @param arrived - the hash of each picture that arrived, in order
 */
export function comparePictures(reference: readonly string[], arrived: readonly string[]): Comparison {
  const numberOf = new Map(reference.map((hash, number) => [hash, number]))
  const times = reference.map(() => 0)
  let [unknown, backwards, last] = [0, 0, -1]
  for (const hash of arrived) {
    const number = numberOf.get(hash)
    if (number === undefined) {
      unknown++
      continue
    }
    times[number] = (times[number] ?? 0) + 1
    if (number < last) backwards++
    last = number
  }
  const where = (test: (count: number) => boolean) =>
    runsOf(times.flatMap((count, number) => (test(count) ? [number] : [])))
  const there = where((count) => count > 0)
  const [first, final] = [there[0], there.at(-1)]
  return {
    count: arrived.length,
    span: first && final && { from: first.from, to: final.to },
    lost: where((count) => count === 0),
    unknown,
    doubled: where((count) => count > 1),
    backwards,
  }
}

/** Ascending numbers as runs without a hole. */
export function runsOf(numbers: readonly number[]): readonly Run[] {
  const runs: { from: number; to: number }[] = []
  for (const number of numbers) {
    const last = runs.at(-1)
    if (last?.to === number - 1) last.to = number
    else runs.push({ from: number, to: number })
  }
  return runs
}

/** A cut within a group of B-frames leaves out one or two pictures before the last that arrived. */
const B_FRAMES_REACH = 6

/** The picture from which on everything up to `last` is lost; undefined when anything else is lost, or nothing. */
export function lostTail(lost: readonly Run[], last: number): number | undefined {
  const tail = lost.at(-1)
  const isTail = tail?.to === last && lost.every(({ from }) => from > tail.from - B_FRAMES_REACH)
  return isTail ? tail.from : undefined
}

/** How many pictures are in these runs. */
export function countOf(runs: readonly Run[]): number {
  return runs.reduce((sum, { from, to }) => sum + to - from + 1, 0)
}

/** What a comparison is when each of `count` pictures arrived once, in order. */
export function allOf(count: number): Comparison {
  return { count, span: { from: 0, to: count - 1 }, lost: [], unknown: 0, doubled: [], backwards: 0 }
}
