/** WebVTT as the W3C's validator reads it: every complaint, and the cues. @module */
import { createRequire } from 'node:module'

export interface StrictWebvtt {
  readonly cues: readonly { readonly startTime: number; readonly endTime: number; readonly text: string }[]
  readonly errors: readonly { readonly message: string; readonly line: number }[]
}

interface Validator {
  readonly WebVTTParser: new () => { parse(text: string, kind: 'subtitles' | 'metadata'): StrictWebvtt }
}

/** The package has neither types nor named exports. */
const { WebVTTParser } = createRequire(import.meta.url)('webvtt-parser') as Validator

export function strictWebvtt(text: string, kind: 'subtitles' | 'metadata' = 'subtitles'): StrictWebvtt {
  return new WebVTTParser().parse(text, kind)
}
