/** Makes the manifest of an attempt. Pure. @module */
import type { FunctionDefinition } from '../../function/definition.ts'
import type { OutputResult } from '../../output/attempt-output.ts'
import type { JsonValue } from '../../output/output.ts'
import { manifestSourceOf, type Manifest } from '../../output/manifest.ts'
import type { Claim } from '../../queue/run.ts'
import type { SourceObject } from '../../function/source.ts'

export interface ManifestParts {
  readonly claim: Claim
  readonly definition: FunctionDefinition
  readonly event: SourceObject
  readonly attemptId: string
  readonly options: Readonly<Record<string, unknown>>
  readonly result: OutputResult
  readonly hops: number
  readonly startedAt: Date
}

export function manifestOf(parts: ManifestParts): Manifest {
  const { claim, definition, event, result } = parts
  return {
    schema: 1,
    run: claim.runId,
    attempt: parts.attemptId,
    epoch: claim.epoch,
    function: definition.name,
    functionVersion: definition.version,
    source: manifestSourceOf(event),
    // The schema's output may contain values that JSON does not have, such as dates: converted as JSON does.
    options: JSON.parse(JSON.stringify(parts.options)) as Record<string, JsonValue>,
    ...result,
    hops: parts.hops,
    startedAt: parts.startedAt.toISOString(),
    finishedAt: new Date().toISOString(),
  }
}
