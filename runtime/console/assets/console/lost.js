// @ts-check
/** While the page cannot be refreshed, a bar says why, and it is tried again until it can. @module */
import { main, onPage } from './dom.js'
import { clockText } from './times.js'

const FIRST_MS = 2_000
const MOST_MS = 10_000

let waitMs = FIRST_MS
let shownAt = new Date()
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer

const isPassing = () => 'retry' in main().dataset
const bar = () => /** @type {HTMLElement} */ (document.getElementById('lost'))

/** A page that says that it could not be drawn is asked for until it can. @param {() => Promise<void>} again */
export function startLost(again) {
  onPage(() => {
    if (isPassing()) later(again)
  })
}

/**
 * @param {number} status - of the answer; 0: there was none
 * @param {string} detail - of the problem, may be empty
 * @param {() => Promise<void>} again
 */
export function lost(status, detail, again) {
  const shows = ` This page shows the state at ${clockText(shownAt)} and refreshes itself as soon as it can.`
  const line = document.createElement('span')
  line.append(...(status === 401 ? loginAgain() : [reasonOf(status, detail)]), shows)
  // Said once by a screen reader, however often it is tried.
  if (bar().textContent !== line.textContent) bar().replaceChildren(line)
  bar().hidden = isPassing()
  later(again)
}

/** @param {() => Promise<void>} again */
function later(again) {
  clearTimeout(timer)
  timer = setTimeout(() => void again(), waitMs)
  waitMs = Math.min(MOST_MS, waitMs * 1.5)
}

export function found() {
  shownAt = new Date()
  waitMs = FIRST_MS
  clearTimeout(timer)
  bar().hidden = true
}

/** The first clause of a problem: the rest is advice for programs. @param {number} status @param {string} detail */
function reasonOf(status, detail) {
  if (status === 0) return 'The server does not answer.'
  const [clause = ''] = detail.split(/[:;]/)
  if (clause === '') return `The server could not draw this page (${status}).`
  return `${clause.charAt(0).toUpperCase()}${clause.slice(1)}.`
}

function loginAgain() {
  const link = document.createElement('a')
  link.href = `${bar().dataset.login}?next=${encodeURIComponent(location.pathname + location.search)}`
  link.textContent = 'Log in again'
  return ['Your login has ended. ', link, '.']
}
