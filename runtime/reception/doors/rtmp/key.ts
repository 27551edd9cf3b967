/** The stream key as encoders have it: `NAME?key=SECRET`. Pure. @module */
import { isStreamName } from '../../names.ts'

export interface SenderKey {
  readonly name: string
  readonly secret: string
}

/** Undefined when it does not have that form. */
export function parseSenderKey(text: string): SenderKey | undefined {
  const at = text.indexOf('?')
  if (at === -1) return undefined
  const name = text.slice(0, at)
  const secret = new URLSearchParams(text.slice(at + 1)).get('key')
  return isStreamName(name) && secret ? { name, secret } : undefined
}
