/** The name of a stream on a command line. Pure. @module */
import { InvalidArgumentError } from 'commander'
import { isStreamName } from '../../reception/names.ts'
import { NAME_RULE } from '../../settings/streams.ts'

export function nameArgument(text: string): string {
  if (!isStreamName(text)) throw new InvalidArgumentError(`a name has ${NAME_RULE}.`)
  return text
}

/** Also `*`, which means every stream. */
export function keyNameArgument(text: string): string {
  return text === '*' ? text : nameArgument(text)
}
