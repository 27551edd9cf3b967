/** The table of a result's files. @module */
import { formatBytes } from '../../amounts.ts'
import type { Output } from '../../api/results/outputs.ts'
import { printable } from '../../printable.ts'
import { clockText } from '../words.ts'
import { nameInResult, withoutCopies } from './kinds.ts'

/** More rows help nobody; the manifest has all of them. */
const MAX_ROWS = 200

export function Files(props: {
  readonly outputs: readonly Output[]
  readonly count: number
  readonly base: string
}) {
  const { outputs, count, base } = props
  const listed = withoutCopies(outputs)
  const rows = listed.slice(0, MAX_ROWS)
  const left = count - (outputs.length - listed.length) - rows.length
  const hasTimes = rows.some(({ startSeconds }) => startSeconds !== undefined)
  return (
    <>
      <div class="scroll" tabindex={0}>
        <table class="files">
          <caption class="hidden">Files</caption>
          <thead>
            <tr>
              <th scope="col">File</th>
              {hasTimes && (
                <>
                  <th scope="col" class="num">
                    Starts
                  </th>
                  <th scope="col" class="num">
                    Lasts
                  </th>
                </>
              )}
              <th scope="col" class="num">
                Size
              </th>
              <th scope="col" class="end">
                <span class="hidden">Save</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((output) => (
              <Row output={output} hasTimes={hasTimes} href={base + output.href} />
            ))}
          </tbody>
        </table>
      </div>
      {left > 0 && <p class="quiet">And {left} more, which the manifest names.</p>}
    </>
  )
}

function Row(props: { readonly output: Output; readonly hasTimes: boolean; readonly href: string }) {
  const { output, hasTimes, href } = props
  const { startSeconds, durationSeconds } = output
  const name = printable(nameInResult(output))
  return (
    <tr>
      <td>
        <a href={href} title={`${printable(output.key)}, sha256 ${printable(output.sha256)}`}>
          <bdi>{name}</bdi>
        </a>
      </td>
      {hasTimes && (
        <>
          <td class="num">{startSeconds === undefined ? '' : clockText(startSeconds)}</td>
          <td class="num">{durationSeconds === undefined ? '' : `${durationSeconds.toFixed(2)} s`}</td>
        </>
      )}
      <td class="num">{formatBytes(output.bytes)}</td>
      <td class="end">
        <a href={`${href}?download`} aria-label={`Save ${name}`}>
          Save
        </a>
      </td>
    </tr>
  )
}
