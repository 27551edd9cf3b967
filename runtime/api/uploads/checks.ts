/** The check of an upload before a byte is sent: its key, its size, the options of the functions that will run. Pure. @module */
import { formatBytes } from '../../amounts.ts'
import type { FunctionDefinition } from '../../function/definition.ts'
import { MAKE, strangeWords } from '../../function/make.ts'
import type { Route, Router } from '../../function/routing.ts'
import { addressed, byOption, shapeOf, wrongOptions } from '../../function/valid-options.ts'
import { refusal } from '../../output/layout.ts'
import { STREAMS_FOLDER, uploadBuckets } from '../../setup/minio/policies.ts'
import { impossibleKey, INCOMING_BUCKET } from '../../storage/names.ts'
import type { UploadRequest } from './model.ts'

export interface CheckedUpload {
  /** The functions that will run. */
  readonly running: readonly FunctionDefinition[]
  readonly metadata: Readonly<Record<string, string>>
  /** Infinity for no limit. */
  readonly maxBytes: number
}

export interface Issue {
  /** Of the request: `options.seconds`. */
  readonly path: string
  readonly message: string
}

type Asked = Omit<UploadRequest, 'ifAbsent' | 'contentType'>

/** S3's limit for names and values together. */
const MAX_METADATA_BYTES = 2_048
const OUR_PREFIX = /^sluice-/i

export function checkUpload(
  parts: { readonly functions: readonly FunctionDefinition[]; readonly router: Router },
  asked: Asked,
): CheckedUpload | readonly Issue[] {
  const { functions, router } = parts
  const { bucket, key, sizeBytes, make = [], options = {} } = asked
  const place = placeIssue(functions, asked)
  if (place) return [place]
  const routes = router({ bucket, key, sizeBytes, make })
  const running = routes.flatMap(({ definition, mismatch }) => (mismatch === undefined ? [definition] : []))
  const size = sizeIssue(routes, running, sizeBytes)
  const strange = strangeWords(make, functions)
  const metadata = metadataOf(options, make)
  const issues = [
    ...(size ? [size] : []),
    ...(strange === undefined ? [] : [{ path: 'make', message: strange }]),
    ...optionIssues(running, functions, options),
    ...metadataIssues(metadata),
  ]
  if (issues.length > 0) return issues
  return { running, metadata, maxBytes: Math.max(...limitsOf(routes), 0) }
}

function placeIssue(functions: readonly FunctionDefinition[], { bucket, key }: Asked): Issue | undefined {
  const buckets = uploadBuckets(functions).filter((name) => functions.some((each) => each.bucket === name))
  if (!buckets.includes(bucket)) {
    const message = `no function takes uploads to "${bucket}"; uploads go to ${buckets.join(', ') || 'no bucket'}`
    return { path: 'bucket', message }
  }
  const impossible = impossibleKey(key)
  if (impossible !== undefined)
    return { path: 'key', message: `the store does not accept this key: ${impossible}` }
  const refused = refusal(key)
  if (refused !== undefined) return { path: 'key', message: refused }
  if (bucket === INCOMING_BUCKET && key.startsWith(STREAMS_FOLDER))
    return { path: 'key', message: `${STREAMS_FOLDER} holds pieces of streams: choose another folder` }
  return undefined
}

/** Only when no function is left: another one may take it. */
function sizeIssue(
  routes: readonly Route[],
  running: readonly unknown[],
  sizeBytes: number,
): Issue | undefined {
  const tooLarge = routes.filter(({ mismatch }) => mismatch === 'too-large')
  if (running.length > 0 || tooLarge.length === 0) return undefined
  const most = Math.max(...tooLarge.map(({ definition }) => definition.maxBytes))
  const names = tooLarge.map(({ definition }) => definition.name).join(', ')
  const message = `${formatBytes(sizeBytes)} is more than ${names} may take: at most ${formatBytes(most)}`
  return { path: 'sizeBytes', message }
}

/** Of the functions that take the key. */
function limitsOf(routes: readonly Route[]): readonly number[] {
  return routes
    .filter(({ mismatch }) => mismatch === undefined || mismatch === 'too-large' || mismatch === 'too-small')
    .map(({ definition }) => definition.maxBytes)
}

function optionIssues(
  running: readonly FunctionDefinition[],
  functions: readonly FunctionDefinition[],
  given: NonNullable<Asked['options']>,
): readonly Issue[] {
  const options = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name.replace(OUR_PREFIX, ''), value]),
  )
  const has = (each: FunctionDefinition, name: string) =>
    byOption(Object.keys(shapeOf(each)), { [name]: '' }).unknown.length === 0
  const issues: Issue[] = []
  for (const [written, value] of Object.entries(given)) {
    const name = written.replace(OUR_PREFIX, '')
    const owner = functions.find((each) => name.toLowerCase().startsWith(`${each.name}.`))
    if (owner) {
      if (!running.includes(owner))
        issues.push({ path: `options.${name}`, message: `${owner.name} will not run for this object` })
      continue
    }
    const having = running.filter((each) => has(each, name))
    if (having.length === 0) {
      const names = running.map((each) => each.name).join(', ')
      const message = `no function that will run has this option; those are ${names || 'none'}`
      issues.push({ path: `options.${name}`, message })
    }
    const wrong = having
      .map((each) => wrongOptions(each, { [name]: value }))
      .filter(({ length }) => length > 0)
    // A bare name sets the option of those functions for which its value is valid, one with our prefix that of all.
    const mayBeWrong = written === name ? having.length - 1 : 0
    if (wrong.length > mayBeWrong)
      issues.push(...(wrong[0] ?? []).map((message) => ({ path: `options.${written}`, message })))
  }
  for (const each of running) {
    const { bare, own } = addressed(each, functions, options)
    const valid = Object.fromEntries(
      Object.entries(bare).filter(
        ([name, value]) => has(each, name) && wrongOptions(each, { [name]: value }).length === 0,
      ),
    )
    issues.push(...wrongOptions(each, { ...valid, ...own }).map((message) => ({ path: 'options', message })))
  }
  return issues
}

function metadataOf(
  options: NonNullable<Asked['options']>,
  make: readonly string[],
): Readonly<Record<string, string>> {
  return {
    ...Object.fromEntries(
      Object.entries(options).map(([name, value]) => [name.toLowerCase(), String(value)]),
    ),
    ...(make.length > 0 && { [MAKE]: make.join(',') }),
  }
}

/** They travel as headers. */
function metadataIssues(metadata: Readonly<Record<string, string>>): readonly Issue[] {
  const entries = Object.entries(metadata)
  const bytes = entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  const wrong = entries.flatMap(([name, value]) =>
    /^[a-z0-9][a-z0-9._-]*$/.test(name) && /^[ -~]*$/.test(value)
      ? []
      : [{ path: `options.${name}`, message: 'metadata has ASCII letters, digits and signs only' }],
  )
  return bytes <= MAX_METADATA_BYTES
    ? wrong
    : [
        ...wrong,
        { path: 'options', message: `they have ${bytes} bytes, and the store takes ${MAX_METADATA_BYTES}` },
      ]
}
