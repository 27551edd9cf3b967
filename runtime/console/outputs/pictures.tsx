/** The pictures of a result: posters, previews, sheets, sprites, frames with their times. @module */
import type { Output } from '../../api/results/outputs.ts'
import { printable } from '../../printable.ts'
import { clockText } from '../words.ts'
import { fileNameOf } from './kinds.ts'

/** A browser loads them as they come into sight; more would be a page without end. */
const MAX_PICTURES = 60

export function Pictures({
  pictures,
  base,
}: {
  readonly pictures: readonly Output[]
  readonly base: string
}) {
  const shown = pictures.slice(0, MAX_PICTURES)
  return (
    <>
      <ul class={shown.length === 1 ? 'pictures single' : 'pictures'}>
        {shown.map((picture) => (
          <li>
            <a href={base + picture.href}>
              <img src={base + picture.href} alt={altOf(picture)} loading="lazy" />
              {picture.startSeconds !== undefined && <small>{clockText(picture.startSeconds)}</small>}
            </a>
          </li>
        ))}
      </ul>
      {pictures.length > shown.length && (
        <p class="quiet">And {pictures.length - shown.length} more pictures.</p>
      )}
    </>
  )
}

function altOf(picture: Output): string {
  const { role, startSeconds } = picture
  return startSeconds === undefined
    ? `${printable(role)}: ${printable(fileNameOf(picture))}`
    : `${printable(role)} at ${clockText(startSeconds)}`
}
