/** Attempts of a function in the last hour: one bar a minute, the newest on the right. @module */
import { countText } from '../words.ts'

/** Attempts that ended, by outcome. */
export interface Rates {
  readonly done: number
  readonly failed: number
  readonly dead: number
  /** Done, failed and dead of each minute, oldest first. */
  readonly perMinute: readonly (readonly number[])[]
}

const BAR = 4
const HEIGHT = 32
const HIGHEST = 30
/** One attempt among thousands is still seen. */
const LOWEST = 2
const CLASSES = ['f-ok', 'f-retry', 'f-dead'] as const

/** One path for each outcome; the scale is the function's own. */
export function Spark({ rates }: { readonly rates: Rates }) {
  const { perMinute } = rates
  const top = Math.max(1, ...perMinute.map((counts) => counts.reduce((sum, count) => sum + count, 0)))
  const paths = pathsOf(perMinute, top)
  const width = perMinute.length * BAR
  const failed = rates.failed + rates.dead
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${width} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${countText(rates.done)} done and ${countText(failed)} failed in the last hour`}
    >
      <path class="spark-base" d={`M0 ${HEIGHT - 0.5}h${width}`} />
      {paths.map((path, outcome) => path !== '' && <path class={CLASSES[outcome]} d={path} />)}
    </svg>
  )
}

function pathsOf(perMinute: Rates['perMinute'], top: number): readonly string[] {
  const paths = ['', '', '']
  for (const [minute, counts] of perMinute.entries()) {
    let foot = HEIGHT - 1
    for (const [outcome, count] of counts.slice(0, paths.length).entries()) {
      if (count === 0) continue
      const height = Math.min(foot, Math.max(LOWEST, Math.round((count / top) * HIGHEST)))
      paths[outcome] += `M${minute * BAR} ${foot}h${BAR - 1}v-${height}h-${BAR - 1}z`
      foot -= height
    }
  }
  return paths
}
