// @ts-check
/** Files from this browser straight to the store: asks for the right first, sends, and follows what becomes of each. @module */
import { follow } from './follow.js'
import { sendInParts, sendWhole } from './send.js'

/** Files that are sent at the same time. */
const AT_ONCE = 3
const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** @type {(() => Promise<void>)[]} */
const waiting = []
let sending = 0

/** @param {string} name @param {string} [className] @param {string} [text] */
function element(name, className = '', text = '') {
  const made = document.createElement(name)
  if (className) made.className = className
  if (text) made.textContent = text
  return made
}

/** @param {number} bytes */
function sizeText(bytes) {
  if (bytes < 1_024) return `${Math.round(bytes)} bytes`
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length)
  return `${Number((bytes / 1_024 ** power).toFixed(1))} ${UNITS[power - 1]}`
}

/** Controls and marks of direction would change how the name reads. @param {string} text */
const plain = (text) => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu, '\ufffd')

/** @param {FormDataEntryValue | null} value */
const textOf = (value) => (typeof value === 'string' ? value : '')

/** @param {HTMLFormElement} form @param {File} file */
function wishOf(form, file) {
  const data = new FormData(form)
  const folder = textOf(data.get('folder')).replaceAll(/^\/+|\/+$/g, '')
  const bucket = textOf(data.get('bucket'))
  const make = data.getAll('make').map(textOf)
  const runs = [...form.querySelectorAll(`fieldset[data-bucket="${CSS.escape(bucket)}"] [name="make"]`)]
    .filter((box) => box instanceof HTMLInputElement && box.checked)
    .map((box) => /** @type {HTMLInputElement} */ (box).value)
  const options = [...data].flatMap(([name, value]) => {
    const option = name.startsWith('option:') ? name.slice('option:'.length) : ''
    const of = option.slice(0, option.indexOf('.'))
    // Those of a function that does not run would be refused.
    return option !== '' && value !== '' && runs.includes(of) ? [[option, textOf(value)]] : []
  })
  return {
    bucket,
    key: folder ? `${folder}/${file.name}` : file.name,
    sizeBytes: file.size,
    ...(file.type && { contentType: file.type }),
    ...(options.length > 0 && { options: Object.fromEntries(options) }),
    ...(make.length > 0 && { make }),
  }
}

/** @param {HTMLFormElement} form @param {File} file */
function createRow(form, file) {
  const list = /** @type {HTMLElement} */ (document.querySelector('.uploads'))
  const section = document.querySelector('[data-sent]')
  if (section instanceof HTMLElement) section.hidden = false
  const row = element('li')
  const line = element('div', 'line')
  const name = element('bdi', '', plain(file.name))
  line.append(name, element('span', 'quiet', sizeText(file.size)))
  const body = element('div')
  body.setAttribute('role', 'status')
  row.append(line, body)
  list.prepend(row)
  return { row, line, name, body, file, form }
}

/** @typedef {ReturnType<typeof createRow>} Row */

/** @param {Row} row @param {string} text */
function fail(row, text) {
  const again = element('button', 'button', 'Try again')
  again.addEventListener('click', () => queue(row))
  row.body.replaceChildren(element('p', 'remark bad', text), again)
}

/** @param {Row} row */
async function send(row) {
  const { form, file, body } = row
  const api = form.dataset['uploader'] ?? ''
  const wish = wishOf(form, file)
  const answer = await fetch(`${api}/uploads`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(wish),
  }).catch(() => undefined)
  if (!answer) return fail(row, 'The runtime does not answer: try again in a moment.')
  // The sentence of the answer is for programs.
  if (answer.status === 401)
    return fail(row, 'Your login has ended: log in again in another tab, then try again here.')
  const right = await answer.json().catch(() => ({}))
  if (!answer.ok) return fail(row, plain(String(right.detail ?? `refused (${answer.status})`)))
  const progress = document.createElement('progress')
  progress.max = 100
  progress.value = 0
  progress.setAttribute('aria-label', `upload of ${plain(file.name)}`)
  const said = element('small', '', 'starts')
  const bar = element('span', 'progress')
  bar.append(progress, said)
  body.replaceChildren(bar)
  const startedAt = performance.now()
  const onBytes = (/** @type {number} */ bytes) => {
    const seconds = (performance.now() - startedAt) / 1_000
    progress.value = file.size === 0 ? 100 : (bytes / file.size) * 100
    said.textContent = `${Math.floor(progress.value)} %, ${sizeText(bytes / Math.max(seconds, 0.1))} a second`
  }
  const onBreak = (/** @type {string} */ text) => {
    said.textContent = text
  }
  const failure = right.parts
    ? await sendInParts(file, right, { wish, base: api, onBytes, onBreak })
    : await sendWhole(file, right, onBytes)
  if (failure !== undefined) return fail(row, failure)
  const link = /** @type {HTMLAnchorElement} */ (element('a', '', row.name.textContent ?? ''))
  link.href = (form.dataset['object'] ?? '')
    .replace('{bucket}', encodeURIComponent(wish.bucket))
    .replace('{key}', encodeURIComponent(wish.key))
  row.name.replaceChildren(link)
  // Its place among the files that are sent is free again.
  void follow(`${api}/objects/${wish.bucket}?key=${encodeURIComponent(wish.key)}`, body, plain)
}

/** @param {Row} row */
function queue(row) {
  row.body.replaceChildren(element('small', 'quiet', 'waits for its turn'))
  waiting.push(() => send(row))
  next()
}

function next() {
  while (sending < AT_ONCE && waiting.length > 0) {
    const job = /** @type {() => Promise<void>} */ (waiting.shift())
    sending++
    void job().finally(() => {
      sending--
      next()
    })
  }
}

/** @param {HTMLFormElement} form */
function start(form) {
  if (form.classList.contains('scripted')) return
  form.classList.add('scripted')
  form.addEventListener('submit', (event) => event.preventDefault())
  // Chosen before this script was there.
  const early = form.querySelector('input[type="file"]')
  if (early instanceof HTMLInputElement && early.files?.length) {
    take(form, [...early.files])
    early.value = ''
  }
  form.addEventListener('change', ({ target }) => {
    if (target instanceof HTMLSelectElement && target.name === 'bucket')
      for (const set of form.querySelectorAll('fieldset[data-bucket]'))
        if (set instanceof HTMLFieldSetElement) set.hidden = set.dataset['bucket'] !== target.value
    if (!(target instanceof HTMLInputElement) || target.type !== 'file') return
    take(form, [...(target.files ?? [])])
    target.value = ''
  })
}

/** @param {HTMLFormElement} form @param {Iterable<File>} files */
function take(form, files) {
  for (const file of files) queue(createRow(form, file))
}

function look() {
  for (const form of document.querySelectorAll('[data-uploader]'))
    if (form instanceof HTMLFormElement) start(form)
}
document.addEventListener('sluice:page', look)
document.addEventListener('sluice:files', (event) => {
  const form = document.querySelector('[data-uploader]')
  if (form instanceof HTMLFormElement) take(form, /** @type {CustomEvent<File[]>} */ (event).detail)
})
addEventListener('beforeunload', (event) => {
  if (sending > 0) event.preventDefault()
})
look()
