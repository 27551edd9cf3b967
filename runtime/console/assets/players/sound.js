// @ts-check
/** A sound under the picture of its waveform, which shows and takes the position. @module */
import { drawStrip, makeStrip } from './strip.js'

/** @param {HTMLElement} root */
function start(root) {
  const audio = root.querySelector('audio')
  const wave = root.querySelector('.wave')
  if (!audio || !(wave instanceof HTMLElement) || root.classList.contains('scripted')) return
  root.classList.add('scripted')
  const total = () => (Number.isFinite(audio.duration) ? audio.duration : 0)
  const draw = () => {
    wave.setAttribute('aria-valuemax', String(Math.round(total())))
    drawStrip(wave, audio.currentTime, total())
  }
  makeStrip(wave, {
    total,
    now: () => audio.currentTime,
    seek(seconds) {
      audio.currentTime = Math.max(0, Math.min(total(), seconds))
      draw()
    },
    toggle: () => (audio.paused ? void audio.play() : audio.pause()),
  })
  for (const name of ['timeupdate', 'loadedmetadata', 'seeked']) audio.addEventListener(name, draw)
  // It may be loaded already.
  draw()
}

function look() {
  for (const root of document.querySelectorAll('[data-sound]')) if (root instanceof HTMLElement) start(root)
}
document.addEventListener('sluice:page', look)
look()
