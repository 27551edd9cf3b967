// @ts-check
/** Rows that are chosen for a change, one by one, in ranges (shift), by kind, or all. @module */
import { all, boxes, onPage, one } from './dom.js'
import { holdWhile } from './page.js'

const ROWS = 'input[name="run"]'

/** @type {HTMLInputElement | undefined} */
let last

const chosen = () => boxes(`${ROWS}:checked`)

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
    if (box.matches(`${ROWS}, [data-pick-all], [data-pick-group]`)) count()
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
  const number = chosen().length
  for (const bar of all('.bulk')) {
    bar.hidden = number === 0
    const words = one('output', bar)
    if (words) words.textContent = `${number} chosen`
    for (const button of all('[data-pick-none]', bar)) button.hidden = false
  }
  for (const group of boxes('[data-pick-group]')) mark(group, rowsOf(group))
  for (const whole of boxes('[data-pick-all]')) mark(whole, boxes(ROWS))
}

/** @param {HTMLInputElement} box @param {HTMLInputElement[]} rows */
function mark(box, rows) {
  const number = rows.filter((row) => row.checked).length
  box.checked = number > 0 && number === rows.length
  box.indeterminate = number > 0 && number < rows.length
}
