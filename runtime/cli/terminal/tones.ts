/** Which states are good news. Pure. @module */
import type { Tone } from './terminal.ts'

const TONES: Readonly<Record<string, Tone>> = {
  succeeded: 'good',
  done: 'good',
  ok: 'good',
  dead: 'bad',
  failed: 'bad',
  lost: 'bad',
  fail: 'bad',
  retrying: 'doubtful',
  paused: 'doubtful',
  cancelled: 'doubtful',
  warn: 'doubtful',
  superseded: 'quiet',
  'source-gone': 'quiet',
  skipped: 'quiet',
}

export function toneOf(state: string): Tone | undefined {
  return TONES[state]
}
