/** Loads the list of functions, and checks it before anything is connected: also for functions whose results would start them again, for ever. @module */
import { existsSync } from 'node:fs'
import { extname, resolve, sep } from 'node:path'
import type { Config } from '../settings/config.ts'
import { ConfigError, messageOf } from '../errors.ts'
import type { FunctionDefinition } from './definition.ts'
import { checkOptionSettings } from './options.ts'
import type { MediaReception } from './take.ts'
import { importableUrl } from './typescript.ts'
import { compileGlob, compileGlobs } from './glob/glob.ts'
import { METADATA_BUCKET, STREAM_PIECES } from '../storage/names.ts'

/** The result of checking a tool that functions use. */
export interface ToolCheck {
  /** The subject of the check, in a few words. */
  readonly check: string
  readonly status: 'ok' | 'warn' | 'fail'
  readonly found: string
  /** Commands to copy. */
  readonly repair?: readonly string[]
}

const EVERY_KEY = '**'

/** The exports of a list of functions. */
export interface FunctionList {
  readonly functions: readonly FunctionDefinition[]
  /** The tools they use, for `/healthz`: names and versions such as `{ ffmpeg: '5.1.9 (path)' }`. */
  readonly tools?: () => Promise<Readonly<Record<string, string>>>
  /** Checks of those tools, for `sluice doctor`. */
  readonly checks?: () => Promise<readonly ToolCheck[]>
  /** Receives streams; without it the role `streams` is refused. */
  readonly reception?: MediaReception
}

/** The list, as far as it can be read. */
export interface FunctionListReading {
  /** Undefined when it cannot be read at all. */
  readonly list: FunctionList | undefined
  readonly issues: readonly string[]
}

/**
 * Loads the functions listed in `functions/index.ts`, or in the file given in the settings.
 *
 * @throws {ConfigError} with every issue of {@link readFunctions}; any other error comes from the loaded module
 */
export async function loadFunctions(config: Config): Promise<FunctionList> {
  const { list, issues } = await readFunctions(config)
  if (!list || issues.length > 0) throw new ConfigError(issues)
  return list
}

/**
 * Reads the list and finds everything that is wrong with it: no list, duplicate names, functions that would trigger
 * themselves, and settings that name unknown functions or invalid options.
 */
export async function readFunctions(config: Config): Promise<FunctionListReading> {
  try {
    const list = await load(config)
    return { list, issues: issuesOf(list.functions, config) }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { list: undefined, issues: error.issues }
  }
}

function issuesOf(functions: FunctionList['functions'], config: Config): readonly string[] {
  const names = functions.map(({ name }) => name)
  const unknown = (setting: string, given: readonly string[]) =>
    given
      .filter((name) => !names.includes(name))
      .map((name) => `${setting}: unknown function "${name}"; known are ${names.join(', ')}`)
  return [
    ...names
      .filter((name, index) => names.indexOf(name) !== index)
      .map((name) => `two functions are called "${name}"`),
    ...unknown('SLUICE_FUNCTIONS', config.functionNames),
    ...unknown('SLUICE_STREAMS_FUNCTIONS', config.streams.functionNames),
    ...unknown('SLUICE_MAKE', config.make),
    ...Object.entries(config.makeRules).flatMap(([glob, made]) => [
      ...unknown(`SLUICE_MAKE_RULES, rule ${JSON.stringify(glob)}`, made),
      ...wrongGlob(glob),
    ]),
    ...functions.map(selfTrigger).filter((issue) => issue !== undefined),
    ...optionIssues(functions, config),
  ]
}

function wrongGlob(glob: string): readonly string[] {
  try {
    compileGlob(glob)
    return []
  } catch (error) {
    return [`SLUICE_MAKE_RULES: ${messageOf(error)}`]
  }
}

async function load(config: Config): Promise<FunctionList> {
  const file = config.functionsFile ?? projectList() ?? 'functions/index.ts'
  const { functions, tools, checks, reception } = await importList(config)
  if (!Array.isArray(functions) || functions.length === 0)
    throw new ConfigError([`${file} exports no list "functions"`])
  const strangers = functions.flatMap((entry: Partial<FunctionDefinition> | undefined, index) =>
    entry?.handler ? [] : [`${file}: entry ${index + 1} of "functions" was not made by defineFunction()`],
  )
  if (strangers.length > 0) throw new ConfigError(strangers)
  return {
    functions: functions.map((definition) => withAsks(withPieces(definition, config), config)),
    ...(tools && { tools }),
    ...(checks && { checks }),
    ...(reception && { reception }),
  }
}

/** The settings may ask a function for the pieces of streams that it leaves out by itself. */
function withPieces(definition: FunctionDefinition, { streams }: Config): FunctionDefinition {
  if (!streams.functionNames.includes(definition.name)) return definition
  return { ...definition, ignore: definition.ignore.filter((glob) => glob !== STREAM_PIECES) }
}

/** The settings may ask for a function: of every object, or of those whose key matches a rule. */
function withAsks(definition: FunctionDefinition, { make, makeRules }: Config): FunctionDefinition {
  const { name } = definition
  if (make.includes(name)) return { ...definition, askedOn: [EVERY_KEY] }
  const rules = Object.entries(makeRules).filter(([, names]) => names.includes(name))
  return rules.length === 0 ? definition : { ...definition, askedOn: rules.map(([glob]) => glob) }
}

/** Of a project that has this one as a package: the list in its own folder `functions`. A clone and an image have theirs beside them. */
function projectList(): string | undefined {
  if (!import.meta.dirname.split(sep).includes('node_modules')) return undefined
  return ['ts', 'mts', 'js', 'mjs']
    .map((ending) => `functions/index.${ending}`)
    .find((path) => existsSync(path))
}

async function importList(config: Config): Promise<Partial<FunctionList>> {
  const functionsFile = config.functionsFile ?? projectList()
  const url = functionsFile
    ? await importableUrl(resolve(functionsFile))
    : // Compiled or not, as this file is.
      new URL(`../../functions/index${extname(import.meta.url)}`, import.meta.url).href
  try {
    return (await import(url)) as Partial<FunctionList>
  } catch (error) {
    if (error instanceof ConfigError) throw error
    const name = config.functionsFile
      ? `SLUICE_FUNCTIONS_FILE: ${config.functionsFile}`
      : (functionsFile ?? 'functions/index.ts')
    const message = `${name} cannot be loaded: ${messageOf(error)}`
    // A missing or malformed file stays so; an error thrown while a module loads may be transient.
    if (isAboutFile(error)) throw new ConfigError([message])
    throw new Error(message, { cause: error })
  }
}

function isAboutFile(error: unknown): boolean {
  const { name, code = '' } = error as NodeJS.ErrnoException
  return name === 'SyntaxError' || name === 'TransformError' || /^ERR_(MODULE|UNKNOWN|UNSUPPORTED)/.test(code)
}

function optionIssues(functions: readonly FunctionDefinition[], config: Config): readonly string[] {
  try {
    checkOptionSettings(functions, config.functionOptions)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.issues
  }
}

/** First parts of result keys in the source's own bucket: `<key>@`, or `@<sha256>` for keys that cannot be used. */
const FOLDERS = ['clip.mp4@', 'clips/2026/clip.mp4@', `@${'0'.repeat(64)}`]

/** Why the results of the function would start it again, and the remedy; undefined when they cannot. In case of doubt they would. */
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
