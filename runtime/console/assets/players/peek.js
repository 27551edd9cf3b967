// @ts-check
/** Small pictures over a strip, from sprites: WebVTT whose cues are such as `sprite-001.jpg#xywh=160,0,160,90`. @module */

/** @typedef {{ start: number, end: number, url: string, x: number, y: number, width: number, height: number }} Tile */

/** Shows the picture of a time over the strip. @param {HTMLElement} strip @param {string | undefined} vtt @param {number} total */
export function createPeek(strip, vtt, total) {
  const peek = strip.querySelector('.peek')
  /** @type {Promise<Tile[]> | undefined} */
  let tiles

  /** @param {number | undefined} seconds */
  return async function point(seconds) {
    if (!(peek instanceof HTMLElement) || vtt === undefined) return
    if (seconds === undefined) {
      peek.hidden = true
      return
    }
    tiles ??= read(vtt)
    const tile = (await tiles).find(({ start, end }) => seconds >= start && seconds < end)
    peek.hidden = tile === undefined
    if (!tile) return
    peek.style.width = `${tile.width}px`
    peek.style.height = `${tile.height}px`
    peek.style.backgroundImage = `url("${tile.url}")`
    peek.style.backgroundPosition = `-${tile.x}px -${tile.y}px`
    peek.style.left = `${(seconds / total) * 100}%`
  }
}

/** @param {string} address @returns {Promise<Tile[]>} */
async function read(address) {
  const answer = await fetch(address)
  if (!answer.ok) return []
  const blocks = (await answer.text()).split(/\r?\n\r?\n/)
  return blocks.flatMap((block) => {
    const [, start = '', end = ''] = /([\d:.]+) --> ([\d:.]+)/.exec(block) ?? []
    const [, file, x, y, width, height] = /^(.+)#xywh=(\d+),(\d+),(\d+),(\d+)\s*$/m.exec(block) ?? []
    if (file === undefined) return []
    const url = new URL(file, new URL(address, location.href)).href
    const [left, top, wide, high] = [x, y, width, height].map(Number)
    return [
      {
        start: secondsOf(start),
        end: secondsOf(end),
        url,
        x: left ?? 0,
        y: top ?? 0,
        width: wide ?? 0,
        height: high ?? 0,
      },
    ]
  })
}

/** Of `1:02:03.500`. @param {string} clock */
function secondsOf(clock) {
  return clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
}
