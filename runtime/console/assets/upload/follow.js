// @ts-check
/** What becomes of an upload: the state of each function, until all of them have ended. @module */

/** The same words as in words.ts. @type {Record<string, string>} */
const WORDS = {
  queued: 'waiting',
  running: 'running',
  retrying: 'retrying',
  succeeded: 'done',
  dead: 'given up',
  cancelled: 'cancelled',
  superseded: 'superseded',
  'source-gone': 'source gone',
}
const ENDED = ['succeeded', 'dead', 'cancelled', 'superseded', 'source-gone']
const FIRST_MS = 700
const LATER_MS = 2_500
const PATIENT_ROUNDS = 20
/** Objects that are asked about at the same time: each answer costs the store several reads. */
const AT_ONCE = 6
let followed = 0
/** @type {(() => void)[]} */
const waiting = []

/**
 * @typedef {{ name: string, isMatch: boolean, reason: string, explanation: string, told?: string,
 *   run?: { status: string, progress?: { percent?: number } } }} OfFunction
 */

/** @param {string} url of `/v1/objects` @param {HTMLElement} body @param {(text: string) => string} plain */
export async function follow(url, body, plain) {
  if (followed >= AT_ONCE) {
    body.textContent = 'Stored. Its turn to be looked at comes when files before it have ended.'
    await new Promise((resolve) => waiting.push(() => resolve(undefined)))
  }
  followed++
  try {
    await untilEnded(url, body, plain)
  } finally {
    followed--
    waiting.shift()?.()
  }
}

/** @param {string} url @param {HTMLElement} body @param {(text: string) => string} plain */
async function untilEnded(url, body, plain) {
  for (let round = 0; body.isConnected; round++) {
    // A tab that nobody sees asks for nothing.
    if (!document.hidden) {
      const answer = await fetch(url).catch(() => undefined)
      if (answer?.ok) {
        const { functions } = /** @type {{ functions: OfFunction[] }} */ (await answer.json())
        if (
          draw(functions, body, plain) ||
          (round > PATIENT_ROUNDS && !functions.some(({ isMatch }) => isMatch))
        )
          return
      } else if (answer?.status === 401) {
        const link = document.createElement('p')
        link.className = 'remark'
        link.textContent = 'It is stored. The login has ended: log in again to see what becomes of it.'
        body.replaceChildren(link)
        return
      }
    }
    await new Promise((resolve) => setTimeout(resolve, round < PATIENT_ROUNDS ? FIRST_MS : LATER_MS))
  }
}

/** @param {OfFunction[]} functions @param {HTMLElement} body @param {(text: string) => string} plain @returns {boolean} whether all have ended */
function draw(functions, body, plain) {
  const own = functions.filter(({ isMatch }) => isMatch)
  const states = document.createElement('div')
  states.className = 'states'
  for (const { name, run } of own) {
    const state = document.createElement('span')
    state.className = `status s-${run?.status ?? 'queued'}`
    const percent = run?.status === 'running' ? run.progress?.percent : undefined
    const words = run ? (WORDS[run.status] ?? run.status) : 'stored, not yet announced'
    state.append(
      document.createElement('i'),
      `${name}: ${words}${percent === undefined ? '' : ` ${Math.round(percent)} %`}`,
    )
    states.append(state)
  }
  /** The names of functions by what is said of them: a broken file is broken for all. @type {Map<string, string[]>} */
  const told = new Map()
  for (const { name, run, told: text, explanation } of own) {
    if (!run || !['dead', 'retrying'].includes(run.status)) continue
    const words = plain(text ?? explanation)
    told.set(words, [...(told.get(words) ?? []), name])
  }
  const reasons = [...told].map(([text, names]) => {
    const line = document.createElement('p')
    line.className = 'remark'
    line.textContent = `${names.join(', ')}: ${text}`
    return line
  })
  if (own.length === 0) {
    const others = functions.filter(({ reason }) => reason !== 'bucket')
    states.textContent = `Stored. No function is for it${others[0] ? `. ${others[0].name}: ${plain(others[0].told ?? others[0].explanation)}` : ''}.`
  }
  const isSame = body.textContent === states.textContent + reasons.map((each) => each.textContent).join('')
  if (!isSame) body.replaceChildren(states, ...reasons)
  return own.length > 0 && own.every(({ run }) => run && ENDED.includes(run.status))
}
