// @ts-check
/** A file that is dropped on any page is uploaded. @module */
import { one } from './dom.js'
import { exchange, parsed } from './page.js'

let depth = 0

export function startDrop() {
  const upload = document.body.dataset.upload
  if (upload === undefined) return
  addEventListener('dragenter', (event) => hasFiles(event) && tell(depth + 1))
  addEventListener('dragleave', (event) => hasFiles(event) && tell(depth - 1))
  addEventListener('dragover', (event) => hasFiles(event) && event.preventDefault())
  addEventListener('drop', (event) => {
    if (!hasFiles(event)) return
    event.preventDefault()
    tell(0)
    void give(upload, [...(event.dataTransfer?.files ?? [])])
  })
}

/** @param {DragEvent} event */
function hasFiles(event) {
  return event.dataTransfer?.types.includes('Files') ?? false
}

/** How many elements deep the file is held over the page. @param {number} now */
function tell(now) {
  depth = Math.max(0, now)
  document.body.classList.toggle('dragging', depth > 0)
}

/** Files cannot go along to another page, so the page comes here. @param {string} upload @param {File[]} files */
async function give(upload, files) {
  if (!one('[data-uploader]')) {
    const answer = await fetch(upload, { headers: { 'x-part': 'main' } }).catch(() => undefined)
    if (!answer?.ok) return location.assign(upload)
    const page = parsed(await answer.text())
    await import(new URL('../upload/upload.js', import.meta.url).href)
    history.pushState(null, '', upload)
    exchange(page)
  }
  document.dispatchEvent(new CustomEvent('sluice:files', { detail: files }))
}
