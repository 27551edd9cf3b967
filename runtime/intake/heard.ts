/**
 * The meaning of notifications, remembered by their bytes: both targets send the same text, the second copy within seconds, and it
 * is not parsed and checked again.
 * @module
 */

/** Notifications of one record have one or two KiB; those of thousands are not worth their memory. */
const TEXT_MAX_BYTES = 8 * 1024
const HELD_MAX_BYTES = 4 * 1024 * 1024

/**
 * A reader that gives the same objects for the second copy of a text: they must not be changed. A text that was heard twice is
 * forgotten; so is the oldest where too many are held, and its copy is read like a first one.
 *
 * @param isKept - whether that may be remembered: whatever is malformed is read again each time
 */
export function rememberHeard<T>(
  read: (raw: Buffer) => Iterable<T>,
  isKept: (found: T) => boolean,
  heldMaxBytes = HELD_MAX_BYTES,
): (raw: Buffer) => Iterable<T> {
  const held = new Map<string, readonly T[]>()
  let heldBytes = 0
  const forget = (text: string) => {
    if (held.delete(text)) heldBytes -= text.length
  }

  return (raw) => {
    if (raw.length > TEXT_MAX_BYTES) return read(raw)
    // Each byte is one character: no two texts become the same.
    const text = raw.toString('latin1')
    const known = held.get(text)
    if (known) {
      forget(text)
      return known
    }
    const found = [...read(raw)]
    if (!found.every(isKept)) return found
    held.set(text, found)
    heldBytes += text.length
    for (const oldest of held.keys()) {
      if (heldBytes <= heldMaxBytes) break
      forget(oldest)
    }
    return found
  }
}
