/** Commands that wait: one line or a whole screen that is redrawn until the end or Ctrl-C. @module */
import { SECOND_MS, sleep } from '../../time.ts'
import type { CliContext } from '../command.ts'
import { fit } from './printable.ts'
import type { Terminal } from './terminal.ts'

/** One line that is redrawn in place; only a person sees it. */
export interface ProgressLine {
  show(text: string): void
  clear(): void
}

export function progressLine(terminal: Terminal): ProgressLine {
  if (!terminal.isTerminal) return { show: () => undefined, clear: () => undefined }
  return {
    show: (text) => terminal.write(`\r\u001b[K${fit(text, terminal.columns - 1)}`),
    clear: () => terminal.write('\r\u001b[K'),
  }
}

/** Calls `work` with a signal that Ctrl-C aborts. */
export async function interruptible<T>(
  { signals }: Pick<CliContext, 'signals'>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stopping = new AbortController()
  const onInterrupt = () => stopping.abort()
  signals.on('SIGINT', onInterrupt)
  try {
    return await work(stopping.signal)
  } finally {
    signals.off('SIGINT', onInterrupt)
  }
}

/** To the first row and column; everything below the cursor is cleared. */
const HOME = '\u001b[H'
const CLEAR_BELOW = '\u001b[J'
const CLEAR_LINE_END = '\u001b[K'

/** Draws once a second until Ctrl-C. Each picture is written in one piece over the one before, so that nothing flickers. */
export async function watchScreen(
  context: Pick<CliContext, 'out' | 'signals'>,
  draw: (screen: Terminal) => Promise<void>,
): Promise<void> {
  const { out } = context
  await interruptible(context, async (signal) => {
    out.write(`${HOME}${CLEAR_BELOW}`)
    while (!signal.aborted) {
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
      await sleep(SECOND_MS, signal)
    }
  })
}
