// @ts-check
/** Keys: `/` finds, `g` and a letter goes to a page, `?` lists them; and texts to copy. @module */
import { all, one } from './dom.js'
import { toast } from './toast.js'

/** Between both keys of a sequence. */
const SEQUENCE_MS = 1_000
const FIELDS = 'input, select, textarea, video, audio, [role=slider]'

let wentMs = -SEQUENCE_MS

export function startKeys() {
  // On a telephone not all pages have room in the bar.
  one('.top nav [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.target instanceof Element && event.target.matches(FIELDS)) return
    if (press(event.key)) event.preventDefault()
  })
  document.addEventListener('click', (event) => {
    const copied = event.target instanceof Element && event.target.closest('[data-copy]')
    if (copied instanceof HTMLElement) void copy(copied)
  })
}

/** Whether the key is one of ours. @param {string} key */
function press(key) {
  if (key === '/') one('.find input')?.focus()
  else if (key === '?') keysList()
  else if (key === 'g') wentMs = performance.now()
  else if (performance.now() - wentMs < SEQUENCE_MS) return go(key)
  else return false
  return true
}

/** @param {string} key */
function go(key) {
  const link = all('.top nav a').find(({ dataset }) => dataset.key === key)
  link?.click()
  return link !== undefined
}

function keysList() {
  const dialog = document.getElementById('keys')
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal()
}

/** @param {HTMLElement} from */
async function copy(from) {
  try {
    await navigator.clipboard.writeText(from.dataset.copy ?? '')
    toast('Copied.')
  } catch {
    // Browsers have a clipboard only over TLS and on this machine.
    getSelection()?.selectAllChildren(from)
    toast('The text is selected: copy it with the keyboard.')
  }
}
