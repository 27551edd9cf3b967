// @ts-check
/** Filters: the address follows them, and the list follows the address. @module */
import { fieldsOf } from './dom.js'
import { refresh } from './page.js'

/** Between two letters of somebody who types. */
const TYPING_MS = 250

/** @type {ReturnType<typeof setTimeout> | undefined} */
let typing

export function startFilters() {
  document.addEventListener('input', (event) => {
    const field = event.target
    if (!(field instanceof HTMLInputElement || field instanceof HTMLSelectElement)) return
    const form = field.closest('form[data-filter]')
    if (!(form instanceof HTMLFormElement)) return
    clearTimeout(typing)
    typing = setTimeout(() => show(form), field.type === 'search' || field.type === 'text' ? TYPING_MS : 0)
  })
  document.addEventListener('submit', (event) => {
    const form = event.target
    if (!(form instanceof HTMLFormElement) || !form.matches('[data-filter]')) return
    event.preventDefault()
    clearTimeout(typing)
    show(form)
  })
}

/** @param {HTMLFormElement} form */
function show(form) {
  history.replaceState(null, '', addressOf(form))
  void refresh()
}

/** Fields that are empty are left out. @param {HTMLFormElement} form */
function addressOf(form) {
  const filled = [...fieldsOf(form)].filter(([, value]) => value !== '')
  const [path = ''] = form.action.split('?')
  const text = new URLSearchParams(filled).toString()
  return text === '' ? path : `${path}?${text}`
}
