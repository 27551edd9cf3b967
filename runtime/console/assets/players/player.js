// @ts-check
/**
 * Plays files one after another as if they were one film: of two elements one shows, while the other already holds the next file,
 * so that nothing is heard of a seam but what the cut itself makes.
 * @module
 */
import { createPeek } from './peek.js'
import { clockText, drawStrip, makeStrip } from './strip.js'

/** How long before the end of a file the next one is loaded. */
const AHEAD_SECONDS = 4

/** @typedef {{ src: string, start: number, duration: number }} Part */

/** @param {HTMLElement} root */
function start(root) {
  if (root.classList.contains('scripted')) return
  root.classList.add('scripted')
  /** @type {Part[]} */
  const parts = JSON.parse(root.dataset['player'] ?? '[]')
  const total = parts.reduce((sum, { duration }) => sum + duration, 0)
  const find = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (root.querySelector(selector))
  const [bar, button, strip, clock, which] = [
    find('.bar'),
    find('.play'),
    find('.strip'),
    find('.clock'),
    find('.which b'),
  ]
  const rects = [...root.querySelectorAll('rect')]
  let front = /** @type {HTMLVideoElement} */ (root.querySelector('video'))
  let back = /** @type {HTMLVideoElement} */ (front.cloneNode())
  back.removeAttribute('src')
  back.classList.add('back')
  front.after(back)
  bar.hidden = false
  let [at, loaded, isPlaying] = [0, -1, false]

  /** The next file waits in the element that does not show. @param {number} index */
  function prepare(index) {
    const part = parts[index]
    if (loaded === index || !part) return
    loaded = index
    back.preload = 'auto'
    back.src = part.src
  }

  /** @param {number} index @param {number} [seconds] */
  function show(index, seconds = 0) {
    if (!parts[index]) {
      set(false)
      show(0)
      return
    }
    if (index !== at) {
      prepare(index)
      ;[front, back] = [back, front]
      front.classList.remove('back')
      back.classList.add('back')
      back.pause()
      loaded = -1
      at = index
    }
    if (seconds > 0 || front.currentTime > 0) front.currentTime = seconds
    if (isPlaying) void front.play().catch(failed)
    else front.pause()
    draw()
  }

  /** @param {DOMException} error */
  function failed(error) {
    // Another file took its place before it began; or it cannot be played, which the event `error` sees to.
    if (error.name === 'NotAllowedError') set(false)
  }

  /** @param {boolean} isOn */
  function set(isOn) {
    isPlaying = isOn
    button.classList.toggle('playing', isOn)
    button.setAttribute('aria-label', isOn ? 'Pause' : 'Play')
  }

  function toggle() {
    set(!isPlaying)
    if (isPlaying) void front.play().catch(failed)
    else front.pause()
  }

  const now = () => Math.min(total, (parts[at]?.start ?? 0) + front.currentTime)

  function draw() {
    clock.textContent = clockText(now())
    which.textContent = String(at + 1)
    drawStrip(strip, now(), total)
    rects.forEach((rect, index) => {
      rect.classList.toggle('past', index < at)
      rect.classList.toggle('now', index === at)
    })
  }

  /** @param {number} seconds */
  function seek(seconds) {
    const wanted = Math.max(0, Math.min(total - 0.05, seconds))
    const index = Math.max(
      0,
      parts.findLastIndex((part) => part.start <= wanted),
    )
    show(index, wanted - (parts[index]?.start ?? 0))
  }

  for (const video of [front, back]) {
    video.controls = false
    video.addEventListener('click', toggle)
    video.addEventListener('timeupdate', () => {
      if (video !== front) return
      draw()
      if (front.duration - front.currentTime < AHEAD_SECONDS) prepare(at + 1)
    })
    video.addEventListener('ended', () => {
      if (video === front) show(at + 1)
    })
    // A file that this browser cannot play is passed over.
    video.addEventListener('error', () => {
      if (video === front && isPlaying) show(at + 1)
    })
  }
  button.addEventListener('click', toggle)
  const point = createPeek(strip, root.dataset['thumbnails'], total)
  makeStrip(strip, { total: () => total, now, seek, toggle, point: (seconds) => void point(seconds) })
  draw()
}

function look() {
  for (const root of document.querySelectorAll('[data-player]')) if (root instanceof HTMLElement) start(root)
}
document.addEventListener('sluice:page', look)
look()
