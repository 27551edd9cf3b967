// @ts-check
/**
 * Plays HLS with hls.js wherever a browser has Media Source Extensions, so that one player is the tested one; elsewhere (older
 * iPhones) the browser itself plays the element's source.
 * @module
 */

/** @param {HTMLElement} root */
async function start(root) {
  if (root.classList.contains('scripted') || typeof MediaSource === 'undefined') return
  root.classList.add('scripted')
  const video = root.querySelector('video')
  const said = root.querySelector('p')
  const address = root.dataset['hls']
  if (!video || address === undefined) return
  video.replaceChildren()
  video.load()
  // @ts-ignore - served from the package hls.js
  const { default: Hls } = await import('./hls.light.js')
  // Without a worker: its script would be made of text, which the pages' policy forbids.
  const hls = new Hls({ enableWorker: false, liveDurationInfinity: true })
  let recoveries = 0
  hls.on(
    Hls.Events.ERROR,
    (
      /** @type {unknown} */ _,
      /** @type {{ fatal: boolean, type: string, details: string, response?: { code?: number } }} */ data,
    ) => {
      if (!data.fatal) return
      if (data.type === Hls.ErrorTypes.MEDIA_ERROR && recoveries++ < 3) return hls.recoverMediaError()
      hls.destroy()
      if (!said) return
      said.hidden = false
      said.textContent =
        data.response?.code === 404
          ? 'There is no playlist (any more).'
          : `It cannot be played here: ${data.details}.`
    },
  )
  hls.loadSource(address)
  hls.attachMedia(video)
}

function look() {
  for (const root of document.querySelectorAll('[data-hls]'))
    if (root instanceof HTMLElement) void start(root)
}
document.addEventListener('sluice:page', look)
look()
