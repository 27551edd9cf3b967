// @ts-check
/** The middle of the page: asked for again, and exchanged without disturbing the person in front of it. @module */
import { main, one } from './dom.js'
import { Idiomorph } from './idiomorph.js'
import { found, lost } from './lost.js'

/** The one way for text to become a page; only answers of this console come here. */
const policy = window.trustedTypes?.createPolicy('sluice', {
  createHTML: (/** @type {string} */ html) => html,
})

/** An answer of this console as a document. @param {string} html */
export function parsed(html) {
  const trusted = /** @type {string} */ (/** @type {unknown} */ (policy?.createHTML(html) ?? html))
  return new DOMParser().parseFromString(trusted, 'text/html')
}

/** Of the content that is shown; empty when it is not known. */
let etag = ''
let isAsking = false
let isAskedAgain = false
/** Reasons to leave the page as it is: somebody chooses rows, or has pressed the switch. @type {(() => boolean)[]} */
const holds = []

/** @param {() => boolean} isHeld */
export function holdWhile(isHeld) {
  holds.push(isHeld)
}

export const isHeld = () => holds.some((each) => each())

/** All that belongs to a new `<main>`: ages, the count of chosen rows, the connection. */
export function settled() {
  document.dispatchEvent(new CustomEvent('sluice:page'))
}

/**
 * Puts the `<main>` of another drawing of this page in place of ours. Open details, chosen rows, the field in use and what
 * plays stay as they are.
 *
 * @param {Document} page
 */
export function exchange(page) {
  const next = page.getElementById('main')
  if (!next) return
  etag = ''
  Idiomorph.morph(main(), next, {
    morphStyle: 'outerHTML',
    ignoreActiveValue: true,
    callbacks: {
      beforeAttributeUpdated: (name, node) => !isOfPerson(name, node),
      beforeNodeMorphed: (old) => !isKept(old),
      beforeNodeRemoved: (old) => !(isKept(old) && next.querySelector(`#${CSS.escape(idOf(old))}`)),
    },
  })
  const { title, dead } = main().dataset
  if (title !== undefined) document.title = title
  if (dead !== undefined) tellDead(dead)
  settled()
}

/** The number beside the link to the dead letters, which is outside of `<main>`. @param {string} count */
function tellDead(count) {
  const badge = one('.top .badge')
  if (!badge) return
  badge.textContent = count
  badge.hidden = count === '0'
}

/** @param {string} name @param {Node} node */
function isOfPerson(name, node) {
  if (name === 'open') return node instanceof HTMLDetailsElement
  // The list of a person's uploads has appeared by a script.
  if (name === 'hidden') return node instanceof HTMLElement && 'sent' in node.dataset
  return name === 'checked' && node instanceof HTMLInputElement && ['run', 'kind'].includes(node.name)
}

/** @param {Node} node */
function isKept(node) {
  return node instanceof HTMLElement && ('keep' in node.dataset || 'player' in node.dataset)
}

/** @param {Node} node */
function idOf(node) {
  return node instanceof HTMLElement && node.id !== '' ? node.id : 'none'
}

/**
 * The same page, as it is now. While one look is on its way, at most one other waits.
 *
 * @param {number} [withinMs] - how old a drawing may be that others have asked for, in ms
 */
export async function refresh(withinMs = 0) {
  if (isAsking) {
    isAskedAgain = true
    return
  }
  isAsking = true
  try {
    await look(withinMs)
  } finally {
    isAsking = false
  }
  if (isAskedAgain) {
    isAskedAgain = false
    await refresh()
  }
}

/** @param {number} withinMs */
async function look(withinMs) {
  const address = location.href
  const headers = { 'x-part': 'main', 'x-etag': etag, 'x-within': String(Math.round(withinMs)) }
  try {
    const answer = await fetch(address, { headers, signal: AbortSignal.timeout(20_000) })
    const text = await answer.text()
    if (address !== location.href) isAskedAgain = true
    else if (!answer.ok) lost(answer.status, detailOf(text), refresh)
    else {
      found()
      if (answer.status === 204 || isHeld()) return
      exchange(parsed(text))
      etag = answer.headers.get('etag') ?? ''
    }
  } catch {
    lost(0, '', refresh)
  }
}

/** The sentence of a problem. @param {string} text */
export function detailOf(text) {
  try {
    return String(JSON.parse(text).detail ?? '')
  } catch {
    return ''
  }
}
