/** The console: whether the runtime serves it, and whether people reach it where the settings say. @module */
import { messageOf } from '../../errors.ts'
import { SECOND_MS, stretched } from '../../time.ts'
import { ok, skipped, warn, type Finding } from './finding.ts'
import type { Subject } from './subject.ts'

const PATIENCE_MS = 5 * SECOND_MS

/** @param apiUrl - of a runtime that answers */
export async function* checkConsole(
  apiUrl: string,
  { config, invocation }: Pick<Subject, 'config' | 'invocation'>,
): AsyncGenerator<Finding, void> {
  const here = await pageAt(`${apiUrl}/login`)
  if (here !== undefined) {
    yield warn(
      'console',
      `${apiUrl}/ is not a page (${here}): an older runtime, or one behind another program, answers there`,
    )
    return
  }
  yield ok(
    'console',
    `${apiUrl}/; \`${invocation} console\` prints its address, with a login where tokens are set`,
  )
  const { consoleUrl } = config
  if (consoleUrl === undefined) return
  const there = await pageAt(`${consoleUrl}/login`)
  yield there === undefined
    ? ok('SLUICE_CONSOLE_URL', `${consoleUrl}/ is the console`)
    : /CERT|VERIFY/i.test(there)
      ? skipped(
          'SLUICE_CONSOLE_URL',
          `${consoleUrl} has a certificate that is not trusted here: set NODE_EXTRA_CA_CERTS`,
        )
      : warn(
          'SLUICE_CONSOLE_URL',
          `${consoleUrl}/ is not the console as seen from here (${there}): links that commands print lead nowhere`,
        )
}

/** Undefined for a page of the console; otherwise what is there instead. */
async function pageAt(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(stretched(PATIENCE_MS)),
      redirect: 'manual',
    })
    const text = await response.text()
    const isOurs =
      response.status === 200 &&
      response.headers.get('content-type')?.startsWith('text/html') === true &&
      text.includes('Sluice')
    return isOurs ? undefined : `status ${response.status}`
  } catch (error) {
    const { cause } = error as { cause?: { code?: string; message?: string } }
    return cause?.code ?? cause?.message ?? messageOf(error)
  }
}
