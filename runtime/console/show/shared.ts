/**
 * Parts of pages that many people look at: drawn once for all who ask within a moment, kept packed, and not sent to pages that
 * show the same already.
 * @module
 */
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

export interface Part {
  readonly html: string
  /** Of small gain and no cost: level 4. */
  readonly gzip: Uint8Array<ArrayBuffer>
  readonly etag: string
}

interface Entry {
  readonly startedMs: number
  readonly part: Promise<Part>
}

/** No page may ask for an older drawing, in ms. */
export const MOST_WITHIN_MS = 1_000
/** Drawings that are kept: of so many different addresses and roles. */
const MOST_KEPT = 100

export interface SharedParts {
  /**
   * @param key - all that the drawing depends on
   * @param withinMs - how long ago the drawing may have been started: no longer than the change that the page asks for
   */
  get(key: string, withinMs: number, draw: () => Promise<string>): Promise<Part>
}

export function createSharedParts(nowMs: () => number = Date.now): SharedParts {
  /** From the oldest to the newest. */
  const entries = new Map<string, Entry>()

  function forget(): void {
    for (const [key, { startedMs }] of entries) {
      if (entries.size < MOST_KEPT && nowMs() - startedMs <= MOST_WITHIN_MS) return
      entries.delete(key)
    }
  }

  return {
    async get(key, withinMs, draw) {
      const known = entries.get(key)
      if (known && nowMs() - known.startedMs <= Math.min(withinMs, MOST_WITHIN_MS)) return known.part
      forget()
      entries.delete(key)
      const entry = { startedMs: nowMs(), part: draw().then(packed) }
      entries.set(key, entry)
      try {
        return await entry.part
      } catch (error) {
        if (entries.get(key) === entry) entries.delete(key)
        throw error
      }
    },
  }
}

async function packed(html: string): Promise<Part> {
  return { html, gzip: await promisify(gzip)(html, { level: 4 }), etag: etagOf(html) }
}

/** Ages are left out: the page itself keeps them true. */
export function etagOf(html: string): string {
  const lasting = html.replaceAll(/(<time [^>]*>)[^<]*/g, '$1')
  return `"${createHash('sha256').update(lasting).digest('base64url').slice(0, 22)}"`
}
