/** Detects functions whose results would start them again, for ever. Pure; in case of doubt the answer is yes. @module */
import type { FunctionDefinition } from './definition.ts'
import { compileGlob, compileGlobs } from './glob/glob.ts'
import { METADATA_BUCKET } from '../storage/names.ts'

/** First parts of result keys in the source's own bucket: `<key>@`, or `@<sha256>` for keys that cannot be used. */
const FOLDERS = ['clip.mp4@', 'clips/2026/clip.mp4@', `@${'0'.repeat(64)}`]

/** The problem and its remedy; undefined when there is none. */
export function selfTrigger(definition: FunctionDefinition): string | undefined {
  const { name, bucket, outputBucket } = definition
  const advice = (results: string, ignore: string) =>
    `function "${name}" would trigger itself: it reads "${bucket}", where its ${results} are written too; add ignore: ['${ignore}'], narrow its match, or give it another bucket`
  if (bucket === outputBucket && mayMatchResults(definition))
    return advice(`results (<key>@/${name}/…)`, `**/${name}/**`)
  if (bucket === METADATA_BUCKET && mayMatchVerdicts(definition))
    return advice(`verdicts (<key>@/${name}.verdict.json)`, `**/${name}.verdict.json`)
  return undefined
}

/** Whether a segment of a glob may match; segments are tested from the last one. */
type SegmentTest = (segment: string) => boolean

const isAnything: SegmentTest = () => true
const isWord =
  (word: string): SegmentTest =>
  (segment) =>
    segment !== '' && compileGlob(segment)(word)
const isFolder: SegmentTest = (segment) => /[*?[{(]/.test(segment) || /^@|@$/.test(segment)

/** Results are the manifest and the pointers beside it, whose names only the handler knows. */
function mayMatchResults({ name, match, ignore }: FunctionDefinition): boolean {
  const names = ['manifest.json', 'poster.jpg', 'x']
  const results = FOLDERS.flatMap((folder) => names.map((each) => `${folder}/${name}/${each}`))
  return !areIgnored(results, ignore) && mayMatchEnd(match, [isAnything, isWord(name), isFolder])
}

function mayMatchVerdicts({ name, match, ignore }: FunctionDefinition): boolean {
  const file = `${name}.verdict.json`
  const verdicts = FOLDERS.map((folder) => `${folder}/${file}`)
  return !areIgnored(verdicts, ignore) && mayMatchEnd(match, [isWord(file), isFolder])
}

function areIgnored(keys: readonly string[], ignore: readonly string[]): boolean {
  return ignore.length > 0 && keys.every(compileGlobs(ignore))
}

function mayMatchEnd(globs: readonly string[], tests: readonly SegmentTest[]): boolean {
  return globs.length === 0 || globs.some((glob) => endMayMatch(glob, tests))
}

function endMayMatch(glob: string, tests: readonly SegmentTest[]): boolean {
  // Alternatives that contain slashes, and negations, are not analysed.
  if (glob.startsWith('!') || /[{(][^})]*\//.test(glob)) return true
  const segments = glob.split('/').toReversed()
  for (const [index, test] of tests.entries()) {
    const segment = segments[index]
    if (segment === undefined) return false
    if (segment.includes('**')) return true
    if (!test(segment)) return false
  }
  return true
}
