/** The pieces that were requested: of a length, a number of them, or none larger than a number of bytes. Pure. @module */

export type Request =
  | { readonly by: 'seconds'; readonly seconds: number }
  | { readonly by: 'parts'; readonly parts: number }
  | { readonly by: 'bytes'; readonly bytes: number }

export interface RequestOptions {
  readonly seconds?: number | undefined
  readonly parts?: number | undefined
  readonly bytes?: string | number | undefined
}

export const DEFAULT_SECONDS = 6
/** Below this, most of a piece is the container's overhead. */
export const MIN_BYTES = 65_536

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1_000,
  mb: 1_000 ** 2,
  gb: 1_000 ** 3,
  kib: 1_024,
  mib: 1_024 ** 2,
  gib: 1_024 ** 3,
}

/** `25MB` (25,000,000), `25MiB` (26,214,400), `25000000`; undefined if it is not a size. */
export function parseBytes(size: string | number): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(String(size).trim())
  const unit = UNITS[match?.[2]?.toLowerCase() ?? '?']
  return unit === undefined ? undefined : Math.floor(Number(match?.[1]) * unit)
}

/** Why these cannot be asked for together; undefined when they can. */
export function clashOf({ seconds, parts, bytes }: RequestOptions): string | undefined {
  const given = Object.entries({ seconds, parts, bytes }).filter(([, value]) => value !== undefined)
  if (given.length < 2) return undefined
  const names = given.map(([name]) => `"${name}"`).join(' and ')
  return `${names} each set the size of a chunk: give only one of them`
}

export function requestOf({ seconds, parts, bytes }: RequestOptions): Request {
  if (parts !== undefined) return { by: 'parts', parts }
  const limit = bytes === undefined ? undefined : parseBytes(bytes)
  if (limit !== undefined) return { by: 'bytes', bytes: limit }
  return { by: 'seconds', seconds: seconds ?? DEFAULT_SECONDS }
}
