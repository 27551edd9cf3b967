/** The files of a result, as what they are: films and sounds play, pictures are seen, and every file can be saved. @module */
import { formatBytes } from '../../amounts.ts'
import type { Output } from '../../api/results/outputs.ts'
import { Files } from './files.tsx'
import { type Aids, shownOf } from './kinds.ts'
import { Pictures } from './pictures.tsx'
import { Film, Playlist, Sequence, Sound } from './players.tsx'

interface OutputsProps {
  /** Of the function. */
  readonly name: string
  readonly outputs: readonly Output[]
  /** How many there are; not all of them may be in `outputs`. */
  readonly count: number
  readonly base: string
  readonly aids: Aids
  /** It then has no heading of its own. */
  readonly isInCard?: boolean
}

export function Outputs({ name, outputs, count, base, aids, isInCard = false }: OutputsProps) {
  if (outputs.length === 0) return null
  const { playlist, sequences, films, sounds, waves, pictures } = shownOf(outputs)
  const hasPlayer = playlist !== undefined || sequences.length + films.length + sounds.length > 0
  const isPicture = !hasPlayer && pictures.length === 1
  const all = { base, aids }
  const bytes = outputs.reduce((sum, output) => sum + output.bytes, 0)
  return (
    <section class="outputs" aria-labelledby={`made-${name}`}>
      <h2 id={`made-${name}`} class={isInCard ? 'hidden' : undefined}>
        {isInCard ? `Files of ${name}` : 'Files'}{' '}
        <small>
          {count}
          {outputs.length === count && `, ${formatBytes(bytes)}`}
        </small>
      </h2>
      <div class={hasPlayer || isPicture ? 'made with-player' : 'made'}>
        {hasPlayer && (
          <div>
            {playlist && <Playlist src={base + playlist.href} {...all} />}
            {sequences.map((parts) => (
              <Sequence parts={parts} {...all} />
            ))}
            {films.map((film) => (
              <Film film={film} {...all} />
            ))}
            {sounds.map((sound, index) => (
              <Sound sound={sound} wave={waves[index]} base={base} />
            ))}
          </div>
        )}
        {isPicture && <Pictures pictures={pictures} base={base} />}
        <div>
          {pictures.length > 0 && !isPicture && <Pictures pictures={pictures} base={base} />}
          <Files outputs={outputs} count={count} base={base} />
        </div>
      </div>
    </section>
  )
}
