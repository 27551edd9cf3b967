/** Pictures of films without one of the checks that keep wrong ones from being committed. @module */
import { mutantsOf, type Mutant } from './mutant.ts'

const unit = (name: string) => [`test/unit/functions/pictures/${name}.test.ts`]

export const PICTURE_MUTANTS: readonly Mutant[] = [
  ...mutantsOf('functions/pictures/sheet-plan.ts', unit('sheet-plan'), [
    ['a sheet too many or too few passes', 'if (sheets !== wanted)', 'if (sheets === 0)'],
    [
      'times may fall back or stand still',
      'time <= (timesSeconds[place - 1] ?? 0)',
      'time < (timesSeconds[place - 1] ?? 0) - 1',
    ],
    [
      'the end of a film may be without a picture',
      '[...timesSeconds.slice(1), endSeconds ?? timesSeconds.at(-1) ?? 0]',
      'timesSeconds.slice(1)',
    ],
    ['a short film of one keyframe has one picture', 'timesSeconds.length < expected * LEAST_SHARE', 'false'],
    ['a long film has any number of pictures', '(endSeconds ?? 0) / MAX_TILES', '0'],
  ]),
  ...mutantsOf('functions/pictures/seek.ts', unit('image-size'), [
    ['a picture of another size passes', 'found?.width === planned.width && ', ''],
  ]),
  ...mutantsOf('functions/pictures/track.ts', unit('track'), [
    ['pixels are taken for square', 'width * pixelShapeOf(raw.sample_aspect_ratio)', 'width'],
    ['a turned film is not upright', 'const isUpright = rotation % 180 === 0', 'const isUpright = true'],
    ['a cover is never a poster', 'const [cover] = media.covers', 'const [cover] = media.covers.slice(1)'],
  ]),
  ...mutantsOf('functions/pictures/filters.ts', unit('track'), [
    [
      'HDR is not tone-mapped',
      'track.hdrTransfer !== undefined && canToneMap',
      'track.hdrTransfer === undefined && canToneMap',
    ],
  ]),
  ...mutantsOf('functions/pictures/sprite-lists.ts', unit('sheet-plan'), [
    ['the last cue ends before the film', 'Math.max(endSeconds ?? 0, last', 'Math.max(0, last'],
  ]),
  ...mutantsOf(
    'functions/pictures/contact-sheet.ts',
    ['test/integration/preview.test.ts'],
    [
      [
        'a sheet of too few pictures is black for the rest',
        'if (pictures > 0 && pictures < asked) {',
        'if (pictures < 0 && pictures < asked) {',
      ],
      ['each picture of a short film is sought', '/ asked > SEEK_SECONDS)', '/ asked > 0)'],
    ],
  ),
  ...mutantsOf(
    'functions/pictures/real-end.ts',
    ['test/integration/preview.test.ts'],
    [['the end of a subtitle is that of the film', 'if (!isEndDoubtful ||', 'if (isEndDoubtful ||']],
  ),
  ...mutantsOf('functions/pictures/size.ts', unit('judge'), [
    ['a picture is larger than its source', 'Math.floor(most / 2) * 2', 'Infinity'],
  ]),
  ...mutantsOf('functions/pictures/candidates.ts', unit('judge'), [
    [
      'a film with a subtitle of days has its first picture for a poster',
      'hasPictures || endSeconds < SHORT_SECONDS ? [0] : SECONDS',
      '[0]',
    ],
  ]),
  ...mutantsOf('functions/pictures/judge.ts', unit('judge'), [
    ['a flat picture is a poster', 'deviation > LEAST_DEVIATION && entropy > LEAST_ENTROPY', 'true'],
  ]),
  ...mutantsOf(
    'functions/ffmpeg/sandbox/media-budget.ts',
    ['test/unit/functions/ffmpeg/sandbox/budget.test.ts'],
    [
      [
        'pictures wait behind a film',
        "return { line: 'decode', memoryBytes: DECODER",
        "return { line: 'encode', memoryBytes: DECODER",
      ],
    ],
  ),
]
