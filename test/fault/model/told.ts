/** What a call tells those who look on: it knows no rules, only what has changed. @module */
import { parseChanges } from '../../../runtime/queue/changes.ts'
import type { View } from './view.ts'

/** @param messages - of one call, as they were published */
export function checkTold(before: View, after: View, messages: readonly string[], what: string): void {
  const broken = (text: string) => new Error(`after ${what}: ${text}`)
  if (messages.length > 1) throw broken(`one call published ${messages.length} messages`)
  const told = new Map(messages.flatMap((text) => parseChanges(text).runs).map((run) => [run.runId, run]))
  for (const [runId, { state, fn, object }] of Object.entries(after.runs)) {
    const change = told.get(runId)
    if (!change && before.runs[runId]?.state !== state)
      throw broken(`nobody was told that ${runId} is ${state}`)
    if (change && change.state !== state)
      throw broken(`it was told that ${runId} is ${change.state}, and it is ${state}`)
    if (change && (change.functionName !== fn || change.objectId !== object))
      throw broken(`${runId} was told to be of another function or object`)
  }
}
