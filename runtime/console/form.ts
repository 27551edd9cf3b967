/** The fields that a form of a page has sent. @module */
import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { z } from 'zod'
import { ProblemError, RefusedError } from '../api/http/problem.ts'
import type { PageContext } from './frame.tsx'

/** The ids of 100,000 runs. */
const MAX_BYTES = 4 * 1_024 * 1_024

export interface Fields {
  /** Empty when it was not sent. */
  one(name: string): string
  all(name: string): readonly string[]
  has(name: string): boolean
  names(): readonly string[]
}

export const limitForms: MiddlewareHandler = bodyLimit({
  maxSize: MAX_BYTES,
  onError() {
    throw new ProblemError(413, 'this form is too large: choose fewer runs')
  },
})

/** @throws {ProblemError} 415 for anything but a form */
export async function fieldsOf(c: PageContext): Promise<Fields> {
  const type = c.req.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
  const text = await c.req.text()
  if (text !== '' && type !== 'application/x-www-form-urlencoded')
    throw new ProblemError(415, 'a form of this console is expected (application/x-www-form-urlencoded)')
  const params = new URLSearchParams(text)
  return {
    one: (name) => params.get(name) ?? '',
    all: (name) => params.getAll(name),
    has: (name) => params.has(name),
    names: () => [...new Set(params.keys())],
  }
}

/** @throws {RefusedError} when a field is wrong */
export function valid<T extends z.ZodType>(schema: T, fields: unknown): z.output<T> {
  const parsed = schema.safeParse(fields)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new RefusedError('impossible', issues.slice(0, 3).join('; '))
}
