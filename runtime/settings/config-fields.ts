/** Kinds of settings, as fields of a schema: what is wrong with one is an issue in our own words. @module */
import { z } from 'zod'
import { messageOf } from '../errors.ts'
import { parseDurationMs } from '../time.ts'

/** A setting as text that `parse` understands; what it throws becomes the issue. */
export function parsed<T>(parse: (text: string) => T, fallback: string) {
  return z.string().default(fallback).transform(by(parse))
}

export function by<T>(parse: (text: string) => T) {
  return (text: string, context: z.RefinementCtx): T => {
    try {
      return parse(text)
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error) })
      return z.NEVER
    }
  }
}

export type Bound = readonly [text: string, ms: number]

export function duration(fallback: string, least: Bound, most: Bound) {
  return parsed(durationWithin(least, most), fallback)
}

export function durationWithin(least: Bound, most: Bound) {
  return (text: string): number => {
    const ms = parseDurationMs(text)
    if (ms < least[1]) throw new RangeError(`"${text}" is too short: at least ${least[0]}`)
    if (ms > most[1]) throw new RangeError(`"${text}" is too long: at most ${most[0]}`)
    return ms
  }
}

export const count = (min: number, max: number, fallback: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback)
