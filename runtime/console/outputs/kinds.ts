/** Sorts the files of a result by the way in which a page shows them. Pure. @module */
import type { Output } from '../../api/results/outputs.ts'

/** A file with its place on one line of time. */
export interface Part {
  readonly output: Output
  /** Of the parts before it, together. */
  readonly startSeconds: number
  readonly durationSeconds: number
}

export interface Shown {
  /** Of an HLS presentation. */
  readonly playlist?: Output | undefined
  /** Films or sounds that were cut into files, each in its order. */
  readonly sequences: readonly (readonly Part[])[]
  readonly films: readonly Output[]
  readonly sounds: readonly Output[]
  /** Of sounds, drawn. */
  readonly waves: readonly Output[]
  readonly pictures: readonly Output[]
}

/** Made by other functions of the same object, for its players. */
export interface Aids {
  readonly poster?: Output | undefined
  /** WebVTT with the places of small pictures. */
  readonly thumbnails?: Output | undefined
  readonly captions: readonly Output[]
}

export const NO_AIDS: Aids = { captions: [] }

const PLAYLIST = 'application/vnd.apple.mpegurl'
/** Players find these through a playlist. */
const WITHIN = ['segment', 'init']

export function shownOf(outputs: readonly Output[]): Shown {
  const media = outputs.filter((each) => isMedia(each) && !WITHIN.includes(each.role))
  const cut = media.filter(isPart)
  const whole = media.filter((each) => !isPart(each))
  const pictures = outputs.filter(({ contentType }) => contentType.startsWith('image/'))
  return {
    playlist: outputs.find(({ role, contentType }) => role === 'master' && contentType === PLAYLIST),
    sequences: sequencesOf(cut),
    films: whole.filter(({ contentType }) => contentType.startsWith('video/')),
    sounds: whole.filter(({ contentType }) => contentType.startsWith('audio/')),
    waves: pictures.filter(({ role }) => role === 'waveform'),
    pictures: pictures.filter(({ role }) => role !== 'waveform'),
  }
}

/** @param outputs - of all functions */
export function aidsOf(outputs: readonly Output[]): Aids {
  const text = outputs.filter(({ contentType }) => contentType === 'text/vtt')
  return {
    poster: outputs.find(({ role }) => role === 'poster'),
    thumbnails: text.find(({ role }) => role === 'thumbnails'),
    captions: text.filter(({ role }) => role === 'captions'),
  }
}

export function fileNameOf({ key }: Pick<Output, 'key'>): string {
  return key.slice(key.lastIndexOf('/') + 1)
}

/** Its name within the result: `1080p/seg-00000.m4s`. */
export function nameInResult({ key }: Pick<Output, 'key'>): string {
  const within = /\/~[0-9A-Z]{26}\/(.+)$/s.exec(key)
  return within?.[1] ?? fileNameOf({ key })
}

/** Without the second copies of files that have a stable name, which differ in the addresses they lead to. */
export function withoutCopies(outputs: readonly Output[]): readonly Output[] {
  const names = new Set(outputs.map(nameInResult))
  return outputs.filter((output) => {
    const [, original] = /^pointer\/(.+)$/s.exec(nameInResult(output)) ?? []
    return original === undefined || !names.has(original)
  })
}

export function isSound({ contentType }: Output): boolean {
  return contentType.startsWith('audio/')
}

function isMedia({ contentType }: Output): boolean {
  return /^(?:video|audio)\//.test(contentType)
}

function isPart({ index, durationSeconds = 0 }: Output): boolean {
  return index !== undefined && durationSeconds > 0
}

function sequencesOf(outputs: readonly Output[]): readonly (readonly Part[])[] {
  const groups = new Map<string, Output[]>()
  for (const output of outputs) {
    const name = `${output.role} ${output.group ?? ''}`
    const group = groups.get(name)
    if (group) group.push(output)
    else groups.set(name, [output])
  }
  return [...groups.values()].map(inOrder)
}

function inOrder(outputs: readonly Output[]): readonly Part[] {
  let before = 0
  return outputs
    .toSorted((one, other) => (one.index ?? 0) - (other.index ?? 0))
    .map((output) => {
      const durationSeconds = output.durationSeconds ?? 0
      const part = { output, startSeconds: before, durationSeconds }
      before += durationSeconds
      return part
    })
}
