// @ts-check
/** A line of time on which a position is chosen: by pointer and by keys. @module */

/** The same words as clockText of words.ts. @param {number} seconds */
export function clockText(seconds) {
  const whole = Math.floor(Math.max(0, seconds))
  const digits = (/** @type {number} */ count) => String(count).padStart(2, '0')
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60]
  return hours > 0 ? `${hours}:${digits(minutes)}:${digits(whole % 60)}` : `${minutes}:${digits(whole % 60)}`
}

/**
 * @typedef {object} Timeline
 * @property {() => number} total in seconds
 * @property {() => number} now in seconds
 * @property {(seconds: number) => void} seek
 * @property {() => void} toggle plays or pauses
 * @property {(seconds: number | undefined) => void} [point] where a pointer is; undefined: nowhere
 */

/** @param {HTMLElement} strip @param {Timeline} timeline */
export function makeStrip(strip, { total, now, seek, toggle, point }) {
  /** @param {PointerEvent} event */
  const secondsAt = (event) => {
    const box = strip.getBoundingClientRect()
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * total()
  }
  strip.addEventListener('pointerdown', (event) => {
    strip.setPointerCapture(event.pointerId)
    seek(secondsAt(event))
  })
  strip.addEventListener('pointermove', (event) => {
    point?.(secondsAt(event))
    if (event.buttons === 1) seek(secondsAt(event))
  })
  strip.addEventListener('pointerleave', () => point?.(undefined))
  strip.addEventListener('keydown', (event) => {
    /** @type {Record<string, number>} */
    const steps = {
      ArrowLeft: -5,
      ArrowDown: -5,
      ArrowRight: 5,
      ArrowUp: 5,
      PageDown: -30,
      PageUp: 30,
      Home: -now(),
      End: total() - now(),
    }
    const step = steps[event.key]
    if (step !== undefined) seek(now() + step)
    else if (event.key === ' ' || event.key === 'Enter') toggle()
    else return
    event.preventDefault()
  })
}

/** Shows the position, to the eye and to a screen reader. @param {HTMLElement} strip @param {number} seconds @param {number} total */
export function drawStrip(strip, seconds, total) {
  const head = strip.querySelector('.head')
  if (head instanceof HTMLElement) head.style.left = `${total > 0 ? (seconds / total) * 100 : 0}%`
  strip.setAttribute('aria-valuenow', String(Math.round(seconds)))
  strip.setAttribute('aria-valuetext', `${clockText(seconds)} of ${clockText(total)}`)
}
