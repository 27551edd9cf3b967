// @ts-check
/** A sentence that passes. @module */

const SHOWN_MS = 6_000
/** A failure has more to read. */
const BAD_MS = 15_000

/** @param {string} text @param {boolean} [isBad] */
export function toast(text, isBad = false) {
  const place = document.getElementById('toast')
  if (!place) return
  const line = document.createElement('p')
  line.textContent = text
  if (isBad) line.className = 'bad'
  place.replaceChildren(line)
  setTimeout(() => line.remove(), isBad ? BAD_MS : SHOWN_MS)
}
