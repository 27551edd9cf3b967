// @ts-check
/** Rows that are chosen for a change, one by one, in ranges (shift), by kind, or all. @module */
import { all, boxes, onPage, one } from './dom.js'
import { holdWhile } from './page.js'

const ROWS = 'input[name="run"]'
/** Each is for all runs of a kind, also those that the page does not list. */
const KINDS = 'input[name="kind"]'

/** @type {HTMLInputElement | undefined} */
let last

const chosen = () => boxes(`${ROWS}:checked, ${KINDS}:checked`)

export function startChoosing() {
  // Rows must not move under the hand.
  holdWhile(() => chosen().length > 0)
  onPage(count)
  document.addEventListener('sluice:done', none)
  document.addEventListener('change', (event) => {
    const box = event.target
    if (!(box instanceof HTMLInputElement)) return
    if (box.matches('[data-pick-all]')) check(boxes(ROWS), box.checked)
    if (box.matches('[data-pick-group]')) check(rowsOf(box), box.checked)
    if (box.matches(`${ROWS}, ${KINDS}, [data-pick-all], [data-pick-group]`)) count()
  })
  document.addEventListener('click', (event) => {
    const { target } = event
    if (!(target instanceof Element)) return
    if (target instanceof HTMLInputElement && target.matches(ROWS)) {
      if (event.shiftKey && last) range(last, target)
      last = target
    }
    if (target.closest('[data-pick-none]')) none()
  })
}

/** @param {HTMLInputElement} from @param {HTMLInputElement} to */
function range(from, to) {
  const rows = boxes(ROWS)
  const [first = 0, end = 0] = [rows.indexOf(from), rows.indexOf(to)].sort((a, b) => a - b)
  check(rows.slice(Math.max(0, first), end + 1), to.checked)
  count()
}

/** @param {HTMLInputElement[]} rows @param {boolean} isChosen */
function check(rows, isChosen) {
  for (const row of rows) row.checked = isChosen
}

function none() {
  check(chosen(), false)
  count()
}

/** @param {HTMLElement} group */
function rowsOf(group) {
  return boxes(`input[data-of="${CSS.escape(group.dataset.pickGroup ?? '')}"]`)
}

function count() {
  const number = countOf(chosen())
  for (const bar of all('.bulk')) {
    bar.hidden = number === 0
    const words = one('output', bar)
    if (words) words.textContent = `${number} chosen`
    for (const button of all('[data-pick-none]', bar)) button.hidden = false
  }
  for (const group of boxes('[data-pick-group]')) mark(group, rowsOf(group))
  for (const whole of boxes('[data-pick-all]')) mark(whole, boxes(ROWS))
}

/** A run whose whole kind is chosen counts once. @param {HTMLInputElement[]} chosen */
function countOf(chosen) {
  const kinds = new Set(chosen.flatMap((box) => (box.name === 'kind' ? [box.value] : [])))
  const apart = chosen.filter((box) => box.name === 'kind' || !kinds.has(box.dataset.of ?? ''))
  return apart.reduce((sum, box) => sum + Number(box.dataset.count ?? 1), 0)
}

/** @param {HTMLInputElement} box @param {HTMLInputElement[]} rows */
function mark(box, rows) {
  const number = rows.filter((row) => row.checked).length
  box.checked = number > 0 && number === rows.length
  box.indeterminate = number > 0 && number < rows.length
}
