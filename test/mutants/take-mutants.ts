/** Takes without one of their guards each: what keeps strangers out, pieces readable, and secrets unseen. */
import { mutantsOf, type Mutant } from './mutant.ts'

const TAKES = ['test/contract/reception.test.ts']
const PULLS = ['test/contract/reception-pull.test.ts']
const LINES = ['test/unit/functions/reception/take-lines.test.ts']
const JOIN = ['test/integration/join.test.ts']

export const TAKE_MUTANTS: readonly Mutant[] = [
  ...mutantsOf('functions/reception/take.ts', TAKES, [
    [
      'an RTMP sender whose key was not printed is received',
      "if (!isOpen) throw new Error('FFmpeg did not say which stream key the sender gave')",
      'void isOpen',
    ],
    ['a codec that nobody can read is received', 'if (!misfit) return', 'if (misfit ?? true) return'],
  ]),
  ...mutantsOf('functions/reception/take-arguments.ts', TAKES, [
    [
      'an open piece is lost with its FFmpeg',
      "'-segment_format', 'mpegts', '-segment_format_options', 'flush_packets=1'",
      "'-segment_format', 'mpegts'",
    ],
  ]),
  ...mutantsOf(
    'functions/reception/take-arguments.ts',
    ['test/unit/functions/reception/take-arguments.test.ts'],
    [['the first pictures of RTSP have no times', 'input.hasLateTimes && isRecent', 'false']],
  ),
  ...mutantsOf('functions/reception/take-input.ts', PULLS, [
    [
      'a playlist may name local files',
      "protocols: 'http,httpproxy,tcp,crypto'",
      "protocols: 'http,httpproxy,tcp,crypto,file'",
    ],
  ]),
  ...mutantsOf('functions/reception/take-lines.ts', LINES, [
    ['a line about another nonce is taken for the key', 'found?.endsWith(end)', 'found'],
  ]),
  ...mutantsOf(
    'functions/reception/announced-codecs.ts',
    ['test/unit/functions/reception/announced-codecs.test.ts'],
    [
      ['a torn table is believed', ' || crcOf(table.subarray(0, sizeBytes)) !== 0', ''],
      ['media that are only announced count as media', 'chosen.some(({ id }) => begun.has(id)) ?', 'true ?'],
    ],
  ),
  ...mutantsOf('functions/reception/joined.ts', JOIN, [
    ['packets that look torn are left out', '-fflags +genpts', '-fflags +genpts+discardcorrupt'],
  ]),
]
