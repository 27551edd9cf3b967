// @ts-check
/** What pages do by themselves. Without this script everything can be read and done all the same. @module */

/** @param {string} selector @param {ParentNode} [from] @returns {any[]} */
const all = (selector, from = document) => [...from.querySelectorAll(selector)]

/* ---- times: true while the page is open, in the reader's own zone ---- */

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })

/** The same words as agoText of words.ts. @param {string} iso */
function agoText(iso) {
  const ms = Date.now() - Date.parse(iso)
  const size = Math.abs(ms)
  if (size < 5_000) return ms < 0 ? 'in a moment' : 'just now'
  const [unitMs, unit] =
    size < 60_000
      ? [1_000, 's']
      : size < 3_600_000
        ? [60_000, 'min']
        : size < 172_800_000
          ? [3_600_000, 'h']
          : [86_400_000, 'd']
  return ms < 0 ? `in ${Math.round(size / unitMs)} ${unit}` : `${Math.floor(size / unitMs)} ${unit} ago`
}

function tellTimes() {
  for (const node of all('time[datetime]')) {
    const text = node.hasAttribute('data-clock')
      ? clock.format(new Date(node.dateTime))
      : agoText(node.dateTime)
    if (node.textContent !== text) node.textContent = text
    node.title = full.format(new Date(node.dateTime))
  }
}
tellTimes()
setInterval(tellTimes, 5_000)
