// @ts-check
/** Changes without leaving the page. Their forms work by themselves too: this only makes them smoother. @module */
import { all, fieldsOf, one } from './dom.js'
import { detailOf, exchange, parsed } from './page.js'
import { toast } from './toast.js'

const THEMES = /** @type {const} */ ({ auto: 'light', light: 'dark', dark: 'auto' })

export function startDeeds() {
  document.addEventListener('submit', (event) => {
    const { target: form, submitter } = event
    if (!(form instanceof HTMLFormElement)) return
    const how = form.matches('[data-act]') ? act : form.matches('[data-dialog]') ? ask : undefined
    if (how) {
      event.preventDefault()
      void once(form, () => how(form, submitter))
    } else if (form.matches('[data-theme-form]')) {
      event.preventDefault()
      turnTheme(form)
    }
  })
  document.addEventListener('click', (event) => {
    if (!(event.target instanceof Element)) return
    const dialog = event.target.closest('[data-close]')?.closest('dialog')
    if (!dialog) return
    event.preventDefault()
    dialog.close()
  })
  addEventListener('popstate', () => location.reload())
}

/** A form that is on its way is not sent again. @param {HTMLFormElement} form @param {() => Promise<void>} send */
async function once(form, send) {
  if (form.hasAttribute('aria-busy')) return
  form.setAttribute('aria-busy', 'true')
  try {
    await send()
  } catch {
    toast('The server does not answer: nothing is known to have changed. Try again.', true)
  } finally {
    form.removeAttribute('aria-busy')
  }
}

/** Sends a change, and shows the page that it leads to. @param {HTMLFormElement} form @param {HTMLElement | null} by */
async function act(form, by) {
  const { confirm } = form.dataset
  if (confirm !== undefined && !(await isConfirmed(confirm, by?.textContent ?? 'Yes'))) return
  const answer = await post(form, by, 'main')
  const text = await answer.text()
  if (!answer.ok) return toast(detailOf(text) || `It did not work (${answer.status}).`, true)
  const page = parsed(text)
  const notice = one('.notice[role=status]', page)
  if (notice) {
    toast(notice.textContent ?? '', notice.classList.contains('bad'))
    notice.remove()
  }
  one('dialog[open]')?.closest('dialog')?.close()
  document.dispatchEvent(new CustomEvent('sluice:done'))
  follow(answer.url)
  exchange(page)
}

/** A change may lead to another page. @param {string} url */
function follow(url) {
  if (url === location.href) return
  history.pushState(null, '', url)
  const { pathname } = new URL(url)
  for (const link of all('.top nav a')) {
    const isHere = link instanceof HTMLAnchorElement && link.pathname === pathname
    if (isHere) link.setAttribute('aria-current', 'page')
    else link.removeAttribute('aria-current')
  }
  scrollTo(0, 0)
}

/** Shows what would be done in a dialog. @param {HTMLFormElement} form @param {HTMLElement | null} by */
async function ask(form, by) {
  const answer = await post(form, by, 'dialog')
  const text = await answer.text()
  if (!answer.ok) return toast(detailOf(text) || `It did not work (${answer.status}).`, true)
  open([...parsed(text).body.childNodes])
}

/** @param {HTMLFormElement} form @param {HTMLElement | null} by @param {string} part */
function post(form, by, part) {
  // A submit button may name another address than its form.
  const to = by instanceof HTMLButtonElement && by.hasAttribute('formaction') ? by.formAction : form.action
  return fetch(to, { method: 'POST', body: fieldsOf(form, by), headers: { 'x-part': part } })
}

/** @param {(Node | string)[]} content */
function open(content) {
  const dialog = document.createElement('dialog')
  dialog.append(...content)
  const title = one('h1, h2', dialog)
  if (title) {
    title.id ||= 'dialog-title'
    dialog.setAttribute('aria-labelledby', title.id)
  }
  document.body.append(dialog)
  dialog.addEventListener('close', () => dialog.remove())
  dialog.showModal()
  return dialog
}

/** @param {string} question @param {string} yes @returns {Promise<boolean>} */
function isConfirmed(question, yes) {
  const form = document.createElement('form')
  form.method = 'dialog'
  form.className = 'preview'
  const title = document.createElement('h2')
  title.textContent = question
  const foot = document.createElement('footer')
  foot.append(buttonOf('Not now', 'no', 'button'), buttonOf(yes, 'yes', 'button primary'))
  form.append(title, foot)
  const dialog = open([form])
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'))
  })
}

/** @param {string} text @param {string} value @param {string} kind */
function buttonOf(text, value, kind) {
  const button = document.createElement('button')
  button.textContent = text
  button.value = value
  button.className = kind
  return button
}

/** @param {HTMLFormElement} form */
function turnTheme(form) {
  const root = document.documentElement
  const now = /** @type {keyof typeof THEMES} */ (root.dataset.theme ?? 'auto')
  root.dataset.theme = THEMES[now]
  void fetch(form.action, { method: 'POST', redirect: 'manual' }).catch(() => {})
}
