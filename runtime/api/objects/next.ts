/** The remedies for the state of an object: in words, as a command, and as a request. Pure. @module */
import { shellWord } from '../../telemetry/safe-text.ts'
import type { NextStep } from './model.ts'

/** A sentence without its full stop, written to follow a name and a colon; and what a person may do about it. */
export interface Told {
  readonly told: string
  readonly next: readonly NextStep[]
}

interface Target {
  readonly bucket: string
  readonly key: string
  readonly functionName: string
}

/** Both in one text: `it was cancelled on request. Run it again: sluice redrive …`. */
export function inOneText({ told, next }: Told): string {
  const steps = next.map(({ text, command }) => (command === undefined ? text : `${text}: ${command}`))
  return [told.replace(/\.$/, ''), ...steps].join('. ') + (next.length === 0 && told.endsWith('.') ? '.' : '')
}

export function resume(functionName: string): NextStep {
  return {
    text: 'Resume it',
    command: `sluice resume ${functionName}`,
    action: { method: 'POST', path: `/v1/functions/${functionName}/resume` },
  }
}

export function startWorker(functionName: string): NextStep {
  return { text: 'Start one', command: `sluice worker --functions ${functionName}` }
}

export function runAgain(runId: string): NextStep {
  return {
    text: 'Run it again',
    command: `sluice redrive ${runId}`,
    action: { method: 'POST', path: `/v1/runs/${runId}/retry`, body: {} },
  }
}

/** @param text - `Run it`, or `Make it again` where it was made before */
export function reprocess(text: string, { bucket, key, functionName }: Target): NextStep {
  return {
    text,
    command: `${reprocessCommand(bucket, key)} --function ${functionName}`,
    action: { method: 'POST', path: '/v1/reprocess', body: { bucket, keys: [key], function: functionName } },
  }
}

/** No request: a person has to think of the options. */
export function withOtherOptions({ bucket, key, functionName }: Target): readonly NextStep[] {
  const command = `${reprocessCommand(bucket, key)} --function ${functionName} --option NAME=VALUE`
  return [
    { text: 'Run it with other options', command },
    { text: 'List them', command: `sluice functions ${functionName}` },
  ]
}

function reprocessCommand(bucket: string, key: string): string {
  return `sluice reprocess ${shellWord(`${bucket}/${key}`)}`
}

export const UPLOAD_AGAIN: NextStep = { text: 'Upload it again once it is fixed' }

export const SET_UP: NextStep = { text: 'Set it up', command: 'sluice setup' }

export const EXAMINE: NextStep = { text: 'Check that the store announces uploads', command: 'sluice doctor' }

export const SWEEP_NOW: NextStep = {
  text: 'Sweep now',
  command: 'sluice sweep',
  action: { method: 'POST', path: '/v1/sweep', body: {} },
}
