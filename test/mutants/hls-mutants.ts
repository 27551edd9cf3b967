/** Presentations without one of their guards each: what players cannot play is refused before it can be seen. */
import { mutantsOf, type Mutant } from './mutant.ts'

const FLAWS = ['test/integration/hls-flaws.test.ts']
const TABLES = ['test/integration/hls-tables.test.ts']
const FRAGMENTS = ['test/unit/functions/hls/tables/fragments.test.ts']
const TRACK = ['test/unit/functions/hls/tables/track.test.ts']
const TRANSPORT = ['test/unit/functions/hls/transport/segmenter.test.ts']
const CHECKS = ['test/unit/functions/hls/checks.test.ts']

export const HLS_MUTANTS: readonly Mutant[] = [
  ...mutantsOf('functions/hls/cut/segmenter.ts', FLAWS, [
    ['a table may name other bytes than there are', 'if (fragment.bytes !== payloadBytes)', 'if (false)'],
    [
      'a fragment may be missing',
      'if (last !== undefined && decodedAt !== last.decodedUntil)',
      'if (last === undefined && false)',
    ],
    ['output may be cut off', 'if (reader.openBytes > 0 || awaited)', 'if (awaited)'],
    [
      'an open GOP is copied',
      'if (isPicture && fragment.earliestShownAt < fragment.shownAt)',
      'if (isPicture && fragment.earliestShownAt > fragment.shownAt)',
    ],
  ]),
  ...mutantsOf('functions/hls/tables/track.ts', TABLES, [
    ['tables of fragments are taken for the whole', "find(movie, 'mvex') === undefined &&", 'true &&'],
  ]),
  ...mutantsOf('functions/hls/tables/track.ts', TRACK, [
    ['two tracks may have one id', 'namesakes.length === 0 &&', ''],
    ['tables may be missing behind a long box', '.every(isReadInOneWay)', '.every(Boolean)'],
    ['samples may be in another file', '((content[3] ?? 0) & 1) === 1', 'true'],
  ]),
  ...mutantsOf('functions/hls/plan/table-gops.ts', TABLES, [
    ['delays of pictures do not count', 'decodedAt + delay - beginTicks', 'decodedAt - beginTicks'],
  ]),
  ...mutantsOf('functions/hls/tables/fragments.ts', FRAGMENTS, [
    ['samples may lie anywhere in the file', 'if (offset < end)', 'if (false)'],
    ['samples may end behind the file', 'if (end > sizeBytes)', 'if (false)'],
    ['tables may contradict one another', 'samples.isExact && count === track.packets', 'true'],
    [
      'a fragment may have any number of samples',
      'if (++fragmentSamples > MAX_FRAGMENT_SAMPLES)',
      'if (false)',
    ],
  ]),
  ...mutantsOf(
    'functions/hls/tables/init.ts',
    ['test/unit/functions/hls/tables/init.test.ts'],
    [
      ['the name of an encoder goes along', '.fill(0, ...PICTURE.name)', ''],
      ['boxes of strangers go along', 'inner.filter(isPictureBox)', 'inner'],
    ],
  ),
  ...mutantsOf('functions/hls/transport/reader.ts', TRANSPORT, [
    ['packets may be missing', 'if (last !== undefined && counter !== ((last + 1) & 15))', 'if (false)'],
    ['the clock may begin again', 'Math.round((last - ticks) / WRAP_TICKS)', 'Math.round(0)'],
  ]),
  ...mutantsOf('functions/hls/transport/segmenter.ts', TRANSPORT, [
    ['a segment may begin without tables', 'tables = [...repeated, ...tables]', 'tables = [...tables]'],
    [
      'an open GOP is copied into a transport stream',
      'if (keyAt !== undefined && shownAt < keyAt)',
      'if (keyAt !== undefined && false)',
    ],
  ]),
  ...mutantsOf('functions/hls/checks.ts', CHECKS, [
    ['renditions may be apart', '> APART_SECONDS', '> Infinity'],
    ['a presentation may end early', '<= endToleranceSeconds(each)', '<= Infinity'],
    ['a track may end early', '<= endToleranceSeconds(declared)', '<= Infinity'],
  ]),
]
