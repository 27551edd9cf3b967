// @ts-check
/** One connection says that something has changed; the page then asks for itself again. @module */
import { main, onPage, one } from './dom.js'
import { holdWhile, isHeld, refresh } from './page.js'

/** At most one look a second. */
const LOOK_MS = 1_000
/** Pages of many people learn of a change at the same moment: so long the first of them waits, and all can have one drawing. */
const GATHER_MS = 150
/** Changes that no event tells: ages of queues, rates, and a server that has gone away. */
const SLOW_MS = 15_000
/** Until a connection that was refused is tried again. */
const REFUSED_MS = 5_000

/** @type {EventSource | undefined} */
let source
/** @type {ReturnType<typeof setTimeout> | undefined} */
let looking
/** @type {ReturnType<typeof setTimeout> | undefined} */
let reopening
let lastLookMs = -LOOK_MS
let lastChangeMs = 0
let isOn = false
let hasFailed = false
let isPaused = false

const button = () => one('[data-live-switch]')
const about = () => main().dataset.live
const isSeen = () => document.visibilityState === 'visible'

export function startLive() {
  holdWhile(() => isPaused)
  onPage(listen)
  onPage(tell)
  document.addEventListener('visibilitychange', () => {
    listen()
    if (isSeen() && about() !== undefined) soon()
  })
  document.addEventListener('click', (event) => {
    if (!(event.target instanceof Element) || !event.target.closest('[data-live-switch]')) return
    isPaused = !isPaused
    tell()
    if (!isPaused) soon()
  })
  setInterval(() => {
    // Nothing was said to have changed, so a drawing that another page has asked for will do.
    if (isSeen() && about() !== undefined && !isHeld()) void refresh(LOOK_MS)
  }, SLOW_MS)
}

/** Looks within a second; a look that was asked for already covers this change too. */
export function soon() {
  lastChangeMs = performance.now()
  looking ??= setTimeout(
    () => {
      looking = undefined
      lastLookMs = performance.now()
      void refresh(lastLookMs - lastChangeMs)
    },
    Math.max(GATHER_MS, LOOK_MS - (lastChangeMs - lastLookMs)),
  )
}

/** Browsers allow six connections to a host, so only a page in sight has one. */
function listen() {
  const subject = about()
  if (subject === undefined || !isSeen()) return close()
  if (source?.url === addressOf(subject)) return
  close()
  source = new EventSource(addressOf(subject))
  source.addEventListener('ready', () => {
    // From now on nothing is missed; something may have changed since the page was drawn, so it looks once.
    soon()
    turn(true, false)
  })
  source.addEventListener('error', () => {
    turn(false, true)
    // Refused: a browser does not try again. The page may have a reason to tell, such as a login that has ended.
    if (source?.readyState !== EventSource.CLOSED) return
    close()
    reopening = setTimeout(listen, REFUSED_MS)
    soon()
  })
  source.addEventListener('change', changed)
}

/** @param {Event} event */
function changed(event) {
  const { data } = /** @type {MessageEvent<string>} */ (event)
  document.dispatchEvent(new CustomEvent('sluice:change', { detail: data ? JSON.parse(data) : {} }))
  soon()
}

function close() {
  clearTimeout(reopening)
  source?.close()
  source = undefined
  isOn = false
}

/** @param {string} subject */
function addressOf(subject) {
  const address = new URL(document.body.dataset.events ?? '', location.href)
  address.searchParams.set('about', subject)
  return address.href
}

/** @param {boolean} on @param {boolean} failed */
function turn(on, failed) {
  isOn = on
  hasFailed = failed
  tell()
}

function tell() {
  const live = button()
  if (!live) return
  live.hidden = about() === undefined
  live.setAttribute('aria-pressed', String(!isPaused))
  live.classList.toggle('on', isOn)
  const words = one('span', live)
  if (words) words.textContent = isHeld() ? 'Held' : hasFailed ? 'Connecting' : 'Live'
}
