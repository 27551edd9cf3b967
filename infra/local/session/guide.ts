/** The text that is printed when the stack is up; within 80 columns, except for longer paths. Pure. @module */
import type { FunctionDefinition } from '../../../runtime/function/definition.ts'
import type { ConsoleAddress } from '../../../runtime/cli/commands/console.ts'
import { SAMPLE_SECONDS, type SampleResult } from './sample-run.ts'
import { streamAddresses, streamLines, type StreamsGuide } from './stream-guide.ts'

export interface GuideFacts {
  readonly redisUrl: string
  readonly minioEndpoint: string
  /** Undefined if this runtime has no API. */
  readonly console: ConsoleAddress | undefined
  /** MinIO's own console; undefined if the MinIO was given. */
  readonly minioConsoleUrl: string | undefined
  /** Undefined if this runtime has no API. */
  readonly apiUrl: string | undefined
  /** Undefined if this runtime receives no streams. */
  readonly streams: StreamsGuide | undefined
  readonly dataDir: string
  readonly functions: readonly Pick<
    FunctionDefinition,
    'name' | 'bucket' | 'outputBucket' | 'match' | 'trigger'
  >[]
  /** Undefined if the sample was not cut: see `sampleNote`. */
  readonly sample: SampleResult | undefined
  readonly sampleNote: string
}

const COLUMNS = 80
const MARGIN = '             '

export function guide(facts: GuideFacts): string {
  const asked = facts.functions.find(({ trigger }) => trigger === 'asked')
  return [
    '',
    'Sluice is running.',
    '',
    ...(facts.console ? consoleLines(facts.console) : []),
    ...(facts.apiUrl ? [fact('API', `${facts.apiUrl}   /healthz /readyz /metrics`)] : []),
    fact('MinIO', facts.minioEndpoint),
    ...(facts.minioConsoleUrl ? [fact('', `${facts.minioConsoleUrl}   its own pages; account "root"`)] : []),
    ...(facts.streams ? streamAddresses(facts.streams).map(([name, value]) => fact(name, value)) : []),
    fact('Redis', withoutPassword(facts.redisUrl)),
    fact('Data', facts.dataDir),
    fact('Logs', `${facts.dataDir}/log`),
    fact('Accounts', `${facts.dataDir}/credentials.json`),
    '',
    'Functions',
    ...facts.functions.filter(({ trigger }) => trigger === 'always').flatMap(functionLines),
    ...askedLines(facts.functions),
    '',
    ...sampleLines(facts),
    '',
    ...(facts.streams ? streamLines(facts.streams, facts.apiUrl) : []),
    'Next steps, in this folder (FILE is any video or audio):',
    command('mc -- cp FILE sluice/incoming/', 'upload a file'),
    command('mc -- ls -r sluice/processed/', 'list the results'),
    ...(asked
      ? [command(`mc -- cp --attr make=${asked.name} FILE sluice/incoming/`, 'docs/functions.md')]
      : []),
    command('sluice -- why incoming/FILE', 'what happened to it, and why'),
    ...(facts.console?.loginUrl ? [command('sluice -- console', 'another link that logs in')] : []),
    command('sluice -- --help', 'all commands'),
    command('sluice -- doctor', 'if something is wrong'),
    `Any other S3 client will do: its account is "uploader".`,
    '',
    'Ctrl-C stops everything; the next start uses the same data.',
  ].join('\n')
}

/** The address for a browser, and where tokens are set the link that logs in. */
export function consoleLines({ url, loginUrl }: ConsoleAddress): string[] {
  const lines = [fact('Console', `${url}   what happens to each file`)]
  if (loginUrl === undefined) return lines
  return [...lines, `${MARGIN}Log in with this link, once, within an hour:`, loginUrl]
}

function fact(name: string, value: string): string {
  return `  ${name.padEnd(MARGIN.length - 2)}${value}`
}

function command(words: string, why: string): string {
  return `  ${`npm run -s ${words}`.padEnd(46)}  # ${why}`
}

function functionLines({ name, bucket, outputBucket, match }: GuideFacts['functions'][number]): string[] {
  const indent = MARGIN.length
  const globs = fitting(match.length > 0 ? match : ['every key'], COLUMNS - indent)
  return [fact(name, `${bucket} → ${outputBucket}`), `${MARGIN}${globs}`]
}

/** The names of those that run only when asked, on as many lines as they need. */
function askedLines(functions: GuideFacts['functions']): string[] {
  const names = functions.filter(({ trigger }) => trigger === 'asked').map(({ name }) => name)
  if (names.length === 0) return []
  const lines = ['']
  for (const [index, name] of names.entries()) {
    const word = index === names.length - 1 ? name : `${name},`
    const line = lines.at(-1) ?? ''
    if (line === '') lines[lines.length - 1] = word
    else if (`${line} ${word}`.length <= COLUMNS - MARGIN.length) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return ['  Only when asked for (--attr make=NAME):', ...lines.map((line) => `${MARGIN}${line}`)]
}

/** As many of the words as fit, and the number of the others. */
function fitting(words: readonly string[], columns: number): string {
  for (let count = words.length; count > 1; count--) {
    const more = count < words.length ? ` and ${words.length - count} more` : ''
    const text = `${words.slice(0, count).join(' ')}${more}`
    if (text.length <= columns) return text
  }
  const [first = ''] = words
  const more = words.length > 1 ? ` and ${words.length - 1} more` : ''
  const room = columns - more.length
  return `${first.length > room ? `${first.slice(0, room - 1)}…` : first}${more}`
}

function sampleLines({ sample, sampleNote }: GuideFacts): string[] {
  if (!sample) return [sampleNote]
  return [
    `A sample clip of ${SAMPLE_SECONDS} s ${sampleNote} ${sample.chunks} chunks. Their list:`,
    `  npm run -s mc -- cat sluice/${sample.manifest}`,
  ]
}

function withoutPassword(redisUrl: string): string {
  const url = new URL(redisUrl)
  if (url.password) url.password = '***'
  return url.href
}
