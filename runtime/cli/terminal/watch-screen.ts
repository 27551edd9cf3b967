/** A list that is shown again and again on a person's terminal, until Ctrl-C. @module */
import { SECOND_MS, sleep } from '../../time.ts'
import type { CliContext } from '../command.ts'
import type { Terminal } from './terminal.ts'

/** To the first row and column; what is below the cursor is cleared. */
const HOME = '\u001b[H'
const CLEAR_BELOW = '\u001b[J'
const CLEAR_LINE_END = '\u001b[K'

/** Draws once a second. Each picture is written at once, over the one before, so that nothing flickers. */
export async function watchScreen(
  { out, signals }: Pick<CliContext, 'out' | 'signals'>,
  draw: (screen: Terminal) => Promise<void>,
): Promise<void> {
  const stopping = new AbortController()
  const onInterrupt = () => stopping.abort()
  signals.on('SIGINT', onInterrupt)
  try {
    out.write(`${HOME}${CLEAR_BELOW}`)
    while (!stopping.signal.aborted) {
      let text = ''
      await draw({
        isTerminal: out.isTerminal,
        hasColor: out.hasColor,
        columns: out.columns,
        write: (part) => {
          text += part
        },
      })
      out.write(`${HOME}${text.replaceAll('\n', `${CLEAR_LINE_END}\n`)}${CLEAR_BELOW}`)
      await sleep(SECOND_MS, stopping.signal)
    }
  } finally {
    signals.off('SIGINT', onInterrupt)
  }
}
