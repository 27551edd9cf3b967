// @ts-check
/** Loads the scripts of those parts that a page has: also of parts that appear while it is open. @module */

const SCRIPTS = {
  '[data-player]': './players/player.js',
  '[data-sound]': './players/sound.js',
  '[data-hls]': './players/hls-video.js',
  '[data-uploader]': './upload/upload.js',
}

function load() {
  for (const [selector, script] of Object.entries(SCRIPTS))
    if (document.querySelector(selector)) void import(script)
}
document.addEventListener('sluice:page', load)
load()
