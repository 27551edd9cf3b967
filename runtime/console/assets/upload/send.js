// @ts-check
/** The bytes of a file, sent to the URLs that `POST /v1/uploads` gave. Each function answers why it failed, or nothing. @module */

const PARTS_AT_ONCE = 4
const TRIES = 5
const PAUSE_MS = 1_000

/**
 * fetch says nothing of bytes sent.
 *
 * @param {string} url @param {Blob} body @param {Record<string, string>} headers @param {(bytes: number) => void} onBytes
 * @returns {Promise<{ status: number, etag: string }>} status 0: the connection broke
 */
function put(url, body, headers, onBytes) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest()
    request.open('PUT', url)
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    request.upload.addEventListener('progress', ({ loaded }) => onBytes(loaded))
    request.addEventListener('load', () =>
      resolve({ status: request.status, etag: request.getResponseHeader('etag') ?? '' }),
    )
    request.addEventListener('error', () => resolve({ status: 0, etag: '' }))
    request.send(body)
  })
}

/** Longer after each try. @param {number} tries */
const pause = (tries) => new Promise((resolve) => setTimeout(resolve, PAUSE_MS * 2 ** (tries - 1)))

/** @param {number} status */
function whyNot(status) {
  if (status === 0) return 'The connection to the store broke, or the store refuses pages of this address.'
  if (status === 412) return 'There is already an object of this key.'
  if (status === 403) return 'The store refuses it: the right to upload has ended, or its clock differs.'
  if (status === 507) return 'The store has no space left.'
  return `The store did not take it (status ${status}).`
}

/**
 * @param {File} file @param {{ url: string, headers: Record<string, string> }} right @param {(bytes: number) => void} onBytes
 */
export async function sendWhole(file, right, onBytes) {
  const { status } = await put(right.url, file, right.headers, onBytes)
  return status === 200 ? undefined : whyNot(status)
}

/**
 * Four parts at a time, each tried again, so that a broken line costs one of them.
 *
 * @param {File} file
 * @param {{ parts: { number: number, url: string, from: number, to: number }[], complete: string, abort: string }} right
 * @param {{ wish: { bucket: string, key: string }, base: string, onBytes: (bytes: number) => void,
 *   onBreak: (text: string) => void }} options `onBreak`: something is tried again in a moment, and why
 */
export async function sendInParts(file, right, { wish: { bucket, key }, base, onBytes, onBreak }) {
  const sent = new Map()
  const done = () => [...sent.values()].reduce((sum, bytes) => sum + bytes, 0)
  /** @type {{ number: number, etag: string }[]} */
  const finished = []
  const left = [...right.parts]
  /** @type {string | undefined} */
  let failure

  async function work() {
    for (let part = left.shift(); part && failure === undefined; part = left.shift()) {
      const { number, url, from, to } = part
      let status = 0
      for (let tries = 1; tries <= TRIES; tries++) {
        const answer = await put(url, file.slice(from, to), {}, (bytes) => {
          sent.set(number, bytes)
          onBytes(done())
        })
        status = answer.status
        if (status === 200) {
          finished.push({ number, etag: answer.etag })
          break
        }
        sent.set(number, 0)
        // Nothing changes about these by waiting.
        if (status === 403 || status === 404 || tries === TRIES) break
        onBreak(`${whyNot(status)} Part ${number} is sent again in a moment (try ${tries + 1} of ${TRIES}).`)
        await pause(tries)
      }
      if (status !== 200) failure ??= whyNot(status)
    }
  }

  /** The paths of answers begin with /v1. @param {string} path @param {object} body */
  const ask = (path, body) =>
    fetch(base + path.replace(/^\/v1/, ''), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }).catch(() => undefined)

  /** May be asked twice: an answer that was lost is given again. */
  async function complete() {
    for (let tries = 1; ; tries++) {
      const answer = await ask(right.complete, { bucket, key, parts: finished })
      if ((answer && answer.status < 500) || tries === TRIES) return answer
      onBreak('All parts are sent. The runtime does not answer, and is asked again in a moment.')
      await pause(tries)
    }
  }

  await Promise.all(Array.from({ length: PARTS_AT_ONCE }, work))
  if (failure !== undefined) {
    await ask(right.abort, { bucket, key })
    return failure
  }
  const answer = await complete()
  if (answer?.ok) return undefined
  const problem = await answer?.json().catch(() => undefined)
  return String(problem?.detail ?? 'The runtime does not answer: try again in a moment.')
}
