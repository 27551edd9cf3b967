/** Damage to a file, chosen by a seed: what bad memory, cut connections and fuzzers do. Pure but for its own randomness. @module */
import type { Random } from './seed.ts'

interface Mutation {
  readonly name: string
  readonly apply: (bytes: Buffer, random: Random) => Buffer
}

const MUTATIONS: readonly Mutation[] = [
  {
    name: 'bits flipped',
    apply: (bytes, random) => {
      const copy = Buffer.from(bytes)
      for (let count = 1 + random.below(20); count > 0; count--) {
        const at = random.below(copy.length)
        copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8))
      }
      return copy
    },
  },
  {
    // Where containers keep their headers.
    name: 'bits flipped in the header',
    apply: (bytes, random) => {
      const copy = Buffer.from(bytes)
      for (let count = 1 + random.below(8); count > 0; count--) {
        const at = random.below(Math.min(2_048, copy.length))
        copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8))
      }
      return copy
    },
  },
  {
    name: 'a number that lies',
    apply: (bytes, random) => {
      const copy = Buffer.from(bytes)
      const at = random.below(Math.min(4_096, copy.length - 4))
      copy.writeUInt32BE(random.pick([0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]), at)
      return copy
    },
  },
  { name: 'cut off', apply: (bytes, random) => bytes.subarray(0, 1 + random.below(bytes.length - 1)) },
  {
    name: 'a piece missing',
    apply: (bytes, random) => {
      const [from, to] = range(bytes, random)
      return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
    },
  },
  {
    name: 'a piece twice',
    apply: (bytes, random) => {
      const [from, to] = range(bytes, random)
      return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)])
    },
  },
  {
    name: 'two pieces swapped',
    apply: (bytes, random) => {
      const [from, to] = range(bytes, random)
      const middle = from + Math.floor((to - from) / 2)
      const parts: readonly (readonly [number, number])[] = [
        [0, from],
        [middle, to],
        [from, middle],
        [to, bytes.length],
      ]
      return Buffer.concat(parts.map(([start, end]) => bytes.subarray(start, end)))
    },
  },
  {
    name: 'zeros inside',
    apply: (bytes, random) => {
      const [from, to] = range(bytes, random)
      return Buffer.from(bytes).fill(0, from, to)
    },
  },
  {
    name: 'zeros behind',
    apply: (bytes, random) => Buffer.concat([bytes, Buffer.alloc(1 + random.below(100_000))]),
  },
]

export interface Mutant {
  readonly what: string
  readonly bytes: Buffer
}

/** One of the mutations; `other` is spliced in at times. */
export function mutant(bytes: Buffer, other: Buffer, random: Random): Mutant {
  if (random.below(10) === 0) {
    const head = bytes.subarray(0, random.below(bytes.length))
    return { what: 'spliced', bytes: Buffer.concat([head, other.subarray(random.below(other.length))]) }
  }
  const { name, apply } = random.pick(MUTATIONS)
  return { what: name, bytes: apply(bytes, random) }
}

function range(bytes: Buffer, random: Random): readonly [number, number] {
  const from = random.below(bytes.length)
  return [from, Math.min(bytes.length, from + 1 + random.below(Math.ceil(bytes.length / 4)))]
}
