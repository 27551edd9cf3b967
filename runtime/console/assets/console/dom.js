// @ts-check
/** Shorter words for the document. @module */

/** @param {string} selector @param {ParentNode} [from] @returns {HTMLElement[]} */
export const all = (selector, from = document) => [...from.querySelectorAll(selector)].filter(isElement)

/** @param {string} selector @param {ParentNode} [from] @returns {HTMLElement | undefined} */
export function one(selector, from = document) {
  const found = from.querySelector(selector)
  return isElement(found) ? found : undefined
}

/** @param {string} selector @returns {HTMLInputElement[]} */
export const boxes = (selector) => all(selector).filter((each) => each instanceof HTMLInputElement)

/** The part of a page that is exchanged. */
export const main = () => /** @type {HTMLElement} */ (document.getElementById('main'))

/** @param {unknown} node @returns {node is HTMLElement} */
function isElement(node) {
  return node instanceof HTMLElement
}

/** Of a change of the page. @param {() => void} then */
export function onPage(then) {
  document.addEventListener('sluice:page', then)
}

/** What a form would send, without files. @param {HTMLFormElement} form @param {HTMLElement | null} [by] */
export function fieldsOf(form, by) {
  const fields = new URLSearchParams()
  for (const [name, value] of new FormData(form, by))
    if (typeof value === 'string') fields.append(name, value)
  return fields
}
