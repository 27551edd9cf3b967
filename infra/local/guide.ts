/** What a person reads when the stack is up. Pure. @module */
import type { SampleResult } from './manifest.ts'
import { mcLine, type Mc } from './mc.ts'
import { SAMPLE_SECONDS } from './sample.ts'

export interface GuideFacts {
  readonly redisUrl: string
  readonly minioEndpoint: string
  /** Undefined with a MinIO that was given. */
  readonly consoleUrl: string | undefined
  readonly apiUrl: string
  readonly dataDir: string
  readonly mc: Mc
  /** Undefined when the sample was not cut: see `sampleNote`. */
  readonly sample: SampleResult | undefined
  readonly sampleNote: string
}

export function guide(facts: GuideFacts): string {
  const { mc } = facts
  const console = facts.consoleUrl
    ? `, console ${facts.consoleUrl} (account "root" in ${facts.dataDir}/credentials.json)`
    : ''
  return [
    '',
    'Sluice is running.',
    '',
    `  API      ${facts.apiUrl}   /healthz /readyz /metrics`,
    `  MinIO    ${facts.minioEndpoint}${console}`,
    `  Redis    ${withoutPassword(facts.redisUrl)}`,
    `  Data     ${facts.dataDir}, logs in ${facts.dataDir}/log`,
    '',
    ...sampleLines(facts),
    '',
    'Drop the next file (any video or audio) in place of FILE:',
    `  ${mcLine(mc, 'cp', 'FILE', 'sluice/incoming/')}`,
    'and look at what became of it:',
    `  ${mcLine(mc, 'ls', '--recursive', 'sluice/processed/')}`,
    'or ask what happened to it, and why:',
    '  npm run sluice -- why incoming/FILE',
    `(and "npm run sluice -- --help"; "npm run sluice -- doctor" when something is wrong)`,
    `With an mc of your own: mc alias set sluice ${facts.minioEndpoint}`,
    `  (it asks for the keys: account "uploader" in ${facts.dataDir}/credentials.json)`,
    '',
    'Ctrl-C stops everything; the next start finds its data again.',
  ].join('\n')
}

function sampleLines({ sample, sampleNote, mc }: GuideFacts): string[] {
  if (!sample) return [sampleNote]
  return [
    `A sample clip of ${SAMPLE_SECONDS} s ${sampleNote} ${sample.chunks} chunks:`,
    `  ${sample.manifest}`,
    ...(sample.firstChunk ? [`  ${sample.firstChunk}  and so on`] : []),
    'Read the manifest, which lists them:',
    `  ${mcLine(mc, 'cat', `sluice/${sample.manifest}`)}`,
  ]
}

function withoutPassword(redisUrl: string): string {
  const url = new URL(redisUrl)
  if (url.password) url.password = '***'
  return url.href
}
