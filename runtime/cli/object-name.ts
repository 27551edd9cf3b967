/** Objects on a command line: `<bucket>/<key>`. Pure. @module */
import { UsageError } from './command.ts'

export interface ObjectName {
  readonly bucket: string
  /** Exactly as MinIO has it; anything may be in it. */
  readonly key: string
}

/** @throws {UsageError} when it names no bucket, or nothing in it */
export function parseObjectName(text: string): ObjectName {
  const { bucket, prefix } = parsePrefix(text)
  if (prefix === '')
    throw new UsageError(`"${text}" names no object: write <bucket>/<key>, such as incoming/clip.mp4`)
  return { bucket, key: prefix }
}

/** `incoming/2024/` is what begins with `2024/`; `incoming` and `incoming/` are the whole bucket. */
export function parsePrefix(text: string): { readonly bucket: string; readonly prefix: string } {
  const slash = text.indexOf('/')
  const bucket = slash < 0 ? text : text.slice(0, slash)
  if (!/^[a-z0-9][a-z0-9.-]{2,62}$/.test(bucket)) {
    throw new UsageError(
      `"${text}" does not begin with the name of a bucket: write <bucket>/<key>, such as incoming/clip.mp4`,
    )
  }
  return { bucket, prefix: slash < 0 ? '' : text.slice(slash + 1) }
}
