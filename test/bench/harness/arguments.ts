/** The command line of `npm run bench`. @module */
import { parseSizeBytes } from '../../../runtime/amounts.ts'

export interface Takes {
  readonly size?: 'number' | 'bytes'
  /** Measures an older commit beside this one. */
  readonly against?: boolean
}

export interface Wanted {
  readonly names: readonly string[]
  readonly size: string | undefined
  readonly isQuick: boolean
  /** Results go into `docs/benchmarks.md`. */
  readonly isWritten: boolean
  readonly against: string | undefined
}

const SIZES = {
  number: { isRight: (text: string) => /^[1-9]\d{0,6}$/.test(text), like: 'a whole number, such as 100' },
  bytes: { isRight: isSize, like: 'a size, such as 100MiB' },
}

function isSize(text: string): boolean {
  try {
    return parseSizeBytes(text) > 0
  } catch {
    return false
  }
}

/** @returns a sentence that names the error, if there is one */
export function parseArguments(
  words: readonly string[],
  benchmarks: Readonly<Record<string, Takes>>,
): Wanted | string {
  const rest = [...words]
  const [plain, flags] = [[] as string[], new Set<string>()]
  let against: string | undefined
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--against') {
      against = rest.shift()
      if (!against || against.startsWith('-')) return '--against needs a commit, such as --against main~1'
    } else if (word === '--quick' || word === '--write') flags.add(word)
    else if (word.startsWith('-')) return `there is no option ${JSON.stringify(word)}`
    else plain.push(word)
  }
  const [name, size, ...more] = plain
  if (name === undefined) return 'name a benchmark, or all'
  if (more.length > 0) return `${JSON.stringify(more[0])} is one word too many`
  const isAll = name === 'all'
  const takes = isAll ? { against: true } : benchmarks[name]
  if (!takes || !(isAll || Object.hasOwn(benchmarks, name)))
    return `there is no benchmark ${JSON.stringify(name)}`
  if (size !== undefined) {
    if (isAll) return 'all takes no size: each benchmark has its own'
    if (!takes.size) return `${name} takes no size`
    const { isRight, like } = SIZES[takes.size]
    if (!isRight(size)) return `the size of ${name} is ${like}, not ${JSON.stringify(size)}`
  }
  if (against !== undefined && !takes.against) {
    const able = Object.keys(benchmarks).filter((each) => benchmarks[each]?.against)
    return `${name} is not measured against a commit; these are: ${able.join(', ')}`
  }
  return {
    names: isAll ? Object.keys(benchmarks) : [name],
    size,
    isQuick: flags.has('--quick'),
    isWritten: isAll || flags.has('--write'),
    against,
  }
}
