/** What a job would do: the answer to `--dry-run`. @module */
import type { Job, Preview } from '../../api/jobs/model.ts'
import { countText } from './amounts.ts'
import { formatBytes } from '../../amounts.ts'
import { printable, shownOn } from './printable.ts'
import { writeJson } from './table.ts'
import type { Terminal } from './terminal.ts'

export function isPreview(answer: Preview | Job): answer is Preview {
  return 'matched' in answer
}

export function writePreview(out: Terminal, preview: Preview, { json }: { readonly json?: boolean }): void {
  if (json) return writeJson(out, preview)
  const { matched, totalBytes, sample, passedOver } = preview
  out.write(`${countText(matched, 'run')} of ${formatBytes(totalBytes)} would be handed out\n`)
  for (const item of sample)
    out.write(
      `  ${printable(item.function)}  ${shownOn(out, `${item.bucket}/${item.key}`)}  ${formatBytes(item.sizeBytes)}\n`,
    )
  if (matched > sample.length) out.write(`  and ${matched - sample.length} more\n`)
  const reasons = Object.entries(passedOver).map(([reason, count]) => `${count} ${printable(reason)}`)
  if (reasons.length > 0) out.write(`passed over: ${reasons.join(', ')}\n`)
}
