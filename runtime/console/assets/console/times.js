// @ts-check
/** Times: true while the page is open, in the reader's own zone. @module */
import { agoText } from './ago.js'
import { all, onPage } from './dom.js'

const EVERY_MS = 5_000

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const dated = new Intl.DateTimeFormat(undefined, {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
})
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })

/** A time of today without its day. @param {Date} at */
export function clockText(at) {
  return (at.toDateString() === new Date().toDateString() ? clock : dated).format(at)
}

function tellTimes() {
  for (const node of all('time[datetime]')) {
    if (!(node instanceof HTMLTimeElement)) continue
    const at = new Date(node.dateTime)
    const text = node.hasAttribute('data-clock') ? clockText(at) : agoText(node.dateTime)
    if (node.textContent !== text) node.textContent = text
    node.title = full.format(at)
  }
}

export function startTimes() {
  onPage(tellTimes)
  setInterval(tellTimes, EVERY_MS)
}
