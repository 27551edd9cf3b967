/**
 * The plans of notifications, remembered by their bytes: both targets send the same text, the second copy within seconds, and it is not
 * parsed, checked and planned again.
 * @module
 */

/** Notifications of one record have one or two KiB; those of thousands are not worth their memory. */
const TEXT_MAX_BYTES = 8 * 1024
/** Some 700 texts; each plan takes several times the memory of its text. With 4 MiB a flood of 100,000 took 130 MB instead of 73. */
const HELD_MAX_BYTES = 1024 * 1024

/**
 * A planner that gives the same plan for the second copy of a text: it must not be changed. Undefined for a text that is too long to be
 * held. A text that was heard twice is forgotten; so is the oldest where too many are held, and its copy is planned like a first one.
 *
 * @param isKept - whether that may be remembered: whatever is malformed is read again each time
 */
export function rememberHeard<T>(
  plan: (raw: Buffer) => T,
  isKept: (planned: T) => boolean,
  heldMaxBytes = HELD_MAX_BYTES,
): (raw: Buffer) => T | undefined {
  const held = new Map<string, T>()
  let heldBytes = 0
  const forget = (text: string) => {
    if (held.delete(text)) heldBytes -= text.length
  }

  return (raw) => {
    if (raw.length > TEXT_MAX_BYTES) return undefined
    // Each byte is one character: no two texts become the same.
    const text = raw.toString('latin1')
    const known = held.get(text)
    if (known) {
      forget(text)
      return known
    }
    const planned = plan(raw)
    if (!isKept(planned)) return planned
    held.set(text, planned)
    heldBytes += text.length
    for (const oldest of held.keys()) {
      if (heldBytes <= heldMaxBytes) break
      forget(oldest)
    }
    return planned
  }
}
