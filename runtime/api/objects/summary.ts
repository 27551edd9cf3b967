/** The history of an object in one paragraph. Pure. @module */
import type { FunctionOfObject, ObjectView } from './model.ts'
import { MISMATCHES } from '../../function/routing.ts'
import { formatBytes } from '../../amounts.ts'
import { shellWord } from '../../telemetry/safe-text.ts'
import { streamPieceInWords } from './stream-piece.ts'
import { inUtc } from './words.ts'

export function summaryOf(view: Omit<ObjectView, 'summary'>, trouble?: string): string {
  const isOther = (each: FunctionOfObject) => each.reason === 'bucket'
  // A problem of the key itself is mentioned once.
  const near = view.functions.filter((each) => !isOther(each) && each.explanation !== trouble)
  const sentences = [whatItIs(view, trouble), ofStream(view), heardOf(view)]
  if (view.functions.every(isOther) && !trouble) sentences.push(noFunction(view))
  const matching = near.filter(({ reason }) => !isMismatch(reason))
  const [one] = matching
  if (one?.reason === 'gone' && matching.every(({ reason }) => reason === 'gone')) {
    sentences.push(sentence(one.explanation))
  } else if (one?.reason !== 'never-there') {
    sentences.push(...matching.map((each) => `${each.name}: ${sentence(each.explanation)}${place(each)}`))
  }
  sentences.push(...notFor(near.filter(({ reason }) => isMismatch(reason) && reason !== 'not-asked')))
  sentences.push(...notAsked(view, near), view.make?.warning ? sentence(capital(view.make.warning)) : '')
  return sentences.filter(Boolean).join(' ')
}

function whatItIs(
  { bucket, key, object, events, functions }: Omit<ObjectView, 'summary'>,
  trouble?: string,
): string {
  const name = `${bucket}/${key}`
  if (trouble) return `${name}: ${trouble}.`
  if (object) {
    return `${name} exists: ${formatBytes(object.sizeBytes)}, uploaded at ${inUtc(Date.parse(object.lastModified))}.`
  }
  const isNew =
    events.length === 0 && functions.every(({ run, result, verdict }) => !run && !result && !verdict)
  if (isNew)
    return `${name} does not exist, and no event for it was ever received: check the spelling, including upper and lower case.`
  const removed = events.findLast(({ kind }) => kind === 'removed')
  return `${name} no longer exists${removed ? `: it was removed at ${inUtc(Date.parse(removed.at))}` : ''}.`
}

function ofStream({ stream }: Omit<ObjectView, 'summary'>): string {
  return stream ? `It is ${streamPieceInWords(stream)} (sluice streams show ${stream.name}).` : ''
}

function heardOf({ events }: Omit<ObjectView, 'summary'>): string {
  const last = events.findLast(({ kind }) => kind === 'created')
  const [first] = last?.arrivals ?? []
  if (!last || !first) return ''
  if (first.path === 'sweep')
    return `The sweep found its ${events.length === 1 ? '' : 'last '}upload at ${inUtc(Date.parse(first.at))}; no event for it had been received by then.`
  return `It was announced ${first.delayMs} ms after its ${events.length === 1 ? '' : 'last '}upload.`
}

/** Of many functions that do not match, most have the same reason. */
function notFor(others: readonly FunctionOfObject[]): readonly string[] {
  const plain = others.filter(({ reason }) => reason === 'pattern')
  const [one] = plain
  if (!one || plain.length === 1)
    return others.map(({ name, explanation }) => `Not for ${name}: ${sentence(explanation)}`)
  const names = plain.map(({ name }) => name).join(', ')
  const rest = others.filter(({ reason }) => reason !== 'pattern')
  return [...notFor(rest), `Not for ${names}: the key matches none of their patterns.`]
}

/** Many functions run only when asked: they are named together. Nothing can be asked of an object that is not there. */
function notAsked(
  { bucket, key, object }: Omit<ObjectView, 'summary'>,
  near: readonly FunctionOfObject[],
): readonly string[] {
  const names = near.filter(({ reason }) => reason === 'not-asked').map(({ name }) => name)
  const [one] = names
  if (one === undefined || !object) return []
  const asked = names.length === 1 ? `${one} runs only when asked` : `${names.join(', ')} run only when asked`
  const which = names.length === 1 ? one : 'NAME'
  const ask = `--attr make=${names.length === 1 ? one : names.slice(0, 2).join(',')}`
  return [
    `${capital(asked)}: upload with ${ask}, or sluice reprocess ${shellWord(`${bucket}/${key}`)} --function ${which}.`,
  ]
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function noFunction({ bucket, functions }: Omit<ObjectView, 'summary'>): string {
  return `No function reads the bucket "${bucket}"; the functions are ${functions.map(({ name }) => name).join(', ')}.`
}

function place({ result, verdict, reason }: FunctionOfObject): string {
  if (reason === 'succeeded' && result)
    return ` Its manifest: ${result.manifestBucket}/${result.manifestKey}.`
  const stale = result
    ? ` An older result is still current: ${result.manifestBucket}/${result.manifestKey}.`
    : ''
  return verdict ? `${stale} Its verdict: ${verdict.bucket}/${verdict.key}.` : stale
}

function sentence(text: string): string {
  return text.endsWith('.') ? text : `${text}.`
}

function isMismatch(reason: FunctionOfObject['reason']): boolean {
  return MISMATCHES.some((mismatch) => mismatch === reason)
}
