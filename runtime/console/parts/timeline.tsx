/** Attempts on one line of time, from the run's creation to its end: bars are attempts, the space between is waiting. @module */
import type { RunDetail } from '../../api/runs/model.ts'
import { printable } from '../../printable.ts'
import { spanText } from '../words.ts'
import { LastLines, Status, Time } from './parts.tsx'

type Attempt = RunDetail['attemptLog'][number]

interface TimelineProps {
  /** At least one, oldest first. */
  readonly attempts: readonly Attempt[]
  readonly createdAt: string
  readonly nextAttemptAt?: string | undefined
}

export function Timeline({ attempts, createdAt, nextAttemptAt }: TimelineProps) {
  const nowMs = Date.now()
  const startMs = (attempt: Attempt) => Date.parse(attempt.startedAt)
  const endMs = (attempt: Attempt) => (attempt.endedAt === undefined ? nowMs : Date.parse(attempt.endedAt))
  const fromMs = Math.min(Date.parse(createdAt), ...attempts.map(startMs))
  const toMs = Math.max(
    fromMs + 1_000,
    ...attempts.map(endMs),
    nextAttemptAt === undefined ? 0 : Date.parse(nextAttemptAt),
  )
  const percentAt = (atMs: number) => ((atMs - fromMs) / (toMs - fromMs)) * 100
  return (
    <ol class="timeline">
      {attempts.map((attempt, index) => (
        <li id={`attempt-${startMs(attempt)}`}>
          <div class="attempt">
            <span class="nr">{numberInEpoch(attempts, index)}</span>
            <Status state={attempt.outcome} />
            <Bar
              outcome={attempt.outcome}
              fromPercent={percentAt(startMs(attempt))}
              toPercent={percentAt(endMs(attempt))}
              label={`from ${spanText(startMs(attempt) - fromMs)} to ${spanText(endMs(attempt) - fromMs)}`}
            />
            <span class="num">{spanText(endMs(attempt) - startMs(attempt))}</span>
            <span class="num quiet">
              <Time at={attempt.startedAt} />
            </span>
          </div>
          {attempt.error !== undefined && <p class="remark">{printable(attempt.error)}</p>}
          <LastLines lines={attempt.lastLines} id={`lines-${startMs(attempt)}`} />
        </li>
      ))}
      {nextAttemptAt !== undefined && (
        <li class="next">
          <div class="attempt">
            <span class="nr">{numberInEpoch(attempts, attempts.length - 1) + 1}</span>
            <span class="quiet">Waiting</span>
            <svg class="gantt" aria-hidden="true">
              <rect class="track" x="0" y="8" width="100%" height="2" />
            </svg>
            <span class="num"></span>
            <span class="num quiet">
              <Time at={nextAttemptAt} />
            </span>
          </div>
        </li>
      )}
    </ol>
  )
}

/** A rerun starts to count from one again. */
function numberInEpoch(attempts: readonly Attempt[], index: number): number {
  const epoch = attempts[index]?.epoch
  return attempts.slice(0, index + 1).filter((attempt) => attempt.epoch === epoch).length
}

/** Still seen when an attempt took a moment of a day. */
const LEAST_PERCENT = 0.6

function Bar(props: {
  readonly outcome: string
  readonly fromPercent: number
  readonly toPercent: number
  readonly label: string
}) {
  const width = Math.max(LEAST_PERCENT, props.toPercent - props.fromPercent)
  const x = Math.min(props.fromPercent, 100 - width)
  return (
    <svg class="gantt" role="img" aria-label={props.label}>
      <rect class="track" x="0" y="8" width="100%" height="2" />
      <rect
        class={`b-${props.outcome}`}
        x={`${x.toFixed(2)}%`}
        y="3"
        width={`${width.toFixed(2)}%`}
        height="12"
        rx="2"
      />
    </svg>
  )
}
