/** Sound, speech, `web`, captions and the refusal of encrypted media, without one of the checks each that keep wrong results from being committed. @module */
import { mutantsOf, type Mutant } from './mutant.ts'

const PIECES = ['test/unit/functions/sound/pieces.test.ts']
const FORMATS = ['test/unit/functions/sound/formats.test.ts']
const LOUDNESS = ['test/unit/functions/sound/loudness.test.ts']
const MADE = ['test/unit/functions/media/web.test.ts']
const CUES = ['test/unit/functions/media/webvtt.test.ts']
const MARKS = ['test/unit/functions/media/bytes/encrypted.test.ts']
const AUDIO = ['test/integration/audio.test.ts']
const SPEECH = ['test/integration/speech.test.ts']
const WEB = ['test/integration/web.test.ts']
const CAPTIONS = ['test/integration/captions.test.ts']
const ENCRYPTED = ['test/integration/encrypted.test.ts']

export const SOUND_MUTANTS: readonly Mutant[] = [
  ...mutantsOf('functions/sound/whole.ts', PIECES, [
    ['a sample that is in no piece is not missed', 'if (at !== total)', 'if (false)'],
    ['a sample may be in two pieces', 'if (startSample !== at)', 'if (false)'],
    [
      'samples that were lost between FFmpeg and us are not missed',
      'if (Math.abs(written - total) > 1)',
      'if (false)',
    ],
    ['no sound at all is a result', 'if (total === 0) throw', 'if (false) throw'],
    ['a sound becomes millions of pieces', 'if (index >= MAX_PIECES)', 'if (index < 0)'],
  ]),
  ...mutantsOf('functions/sound/pieces.ts', PIECES, [
    ['a piece ends behind its cut', 'await ended.truncate(endByte)', ''],
    [
      'a WAV says that it is empty',
      'await writeAll(ended, wavHeader(samples, SAMPLE_RATE), 0)',
      'await writeAll(ended, wavHeader(0, SAMPLE_RATE), 0)',
    ],
    ['the last piece is forgotten', "if (position > start) await end({ at: position, reason: 'end' })", ''],
  ]),
  ...mutantsOf('functions/sound/complete.ts', FORMATS, [
    [
      'a sound may end at any time',
      'late <= endToleranceSeconds(declared)',
      'late <= Infinity * endToleranceSeconds(declared)',
    ],
  ]),
  ...mutantsOf('functions/media/ends.ts', FORMATS, [
    ['a short sound may end a second early', 'lengthSeconds < 20 ? 0.25 : 1', '1'],
    ['a long sound may end a tenth early', 'lengthSeconds / 100', 'lengthSeconds / 10'],
  ]),
  ...mutantsOf('functions/sound/loudness.ts', LOUDNESS, [
    ['a gain drives peaks over full scale', 'gainDb: Math.min(wanted, allowed)', 'gainDb: wanted'],
    ['silence has a loudness', '...(lufs > GATE_LUFS && { lufs })', '...{ lufs }'],
    ['the peak is that of the last channel', 'else peak = Math.max(peak, value)', 'else peak = value'],
    [
      'nobody says that a target was missed',
      'if (Math.abs(lufs - targetLufs) <= TOLERANCE_LU) return []',
      'if (Math.abs(lufs - targetLufs) <= Infinity * TOLERANCE_LU) return []',
    ],
  ]),
  ...mutantsOf('functions/audio.ts', AUDIO, [
    [
      'the loudness of the source is stated for the result',
      'const { lufs, truePeakDb } = made.loudness',
      'const { lufs, truePeakDb } = heard.loudness',
    ],
    [
      'the target is compared with the source',
      'loudnessWarnings(target, gain, made.loudness)',
      'loudnessWarnings(target, gain, heard.loudness)',
    ],
    [
      'a file that was not written to its end is committed',
      'if (Math.abs(made.seconds - heard.seconds) > LENGTH_TOLERANCE_SECONDS)',
      'if (Math.abs(made.seconds - heard.seconds) > Infinity * LENGTH_TOLERANCE_SECONDS)',
    ],
    [
      'a torn sound becomes a shorter file',
      'const damage = mustBeComplete({ media, sound, isTruncatedFine }, heard.seconds, heard.result)',
      'const damage = mustBeComplete({ media, sound, isTruncatedFine }, Infinity, heard.result)',
    ],
  ]),
  ...mutantsOf('functions/sound/decode.ts', AUDIO, [
    ['a sound without samples is a result', 'if (samples === 0) throw', 'if (samples < 0) throw'],
  ]),
  ...mutantsOf('functions/sound/run.ts', AUDIO, [
    ['a source that could not be read to its end counts as read', ' || hasLostInput(result)', ''],
  ]),
  ...mutantsOf('functions/speech.ts', SPEECH, [
    [
      'pieces need not add up',
      'mustAddUp(listed, total, more.length === 0 ? result.mediaSeconds : undefined)',
      'void mustAddUp',
    ],
    [
      'a torn sound becomes fewer pieces',
      'mustBeComplete({ media, sound, isTruncatedFine }, total / SAMPLE_RATE, result)',
      'mustBeComplete({ media, sound, isTruncatedFine }, Infinity, result)',
    ],
    [
      'an encoded piece may end early',
      'if (mediaSeconds < samples / SAMPLE_RATE - 0.15)',
      'if (mediaSeconds < 0)',
    ],
    ['a piece may be larger than was asked for', 'if (size > limitBytes)', 'if (size < 0)'],
  ]),
  ...mutantsOf('functions/media/web.ts', MADE, [
    ['tables at the end pass', "...(isFaststart ? [] : ['its tables are at its end']),", ''],
    [
      'a track may end early',
      'declared - ends > endToleranceSeconds(declared)',
      'declared - ends > Infinity',
    ],
    ['a track without packets passes', '!track || track.packets === 0', '!track'],
    ['a sound that is not there passes', "...(sound ? of('audio') : []),", ''],
  ]),
  ...mutantsOf('functions/media/bytes/faststart.ts', MADE, [
    ['mdat before moov counts as faststart', "if (type === 'mdat') return false", ''],
  ]),
  ...mutantsOf('functions/web.ts', WEB, [
    [
      'what was found wrong is committed all the same',
      'if (flaws.length > 0) throw',
      'if (flaws.length < 0) throw',
    ],
    ['a copy goes on after an error', "['-xerror'] : []", '[] : []'],
    ['a small file becomes an endless copy', 'if (isCopy && isUnexplained(', 'if (!isCopy && isUnexplained('],
    [
      'a film that ends early is committed',
      'if (torn.length > 0 && !isTruncatedFine)',
      'if (torn.length < 0 && !isTruncatedFine)',
    ],
    ['nobody says that a part was skipped', '[] : [gap]', '[] : []'],
    ['the tables stay at the end', '-f mp4 -movflags +faststart', '-f mp4'],
  ]),
  ...mutantsOf('functions/ffmpeg/words/failure.ts', WEB, [
    ['FFmpeg that lost its source has read it', ' || hasLostInput(result)', ''],
  ]),
  ...mutantsOf('functions/media/webvtt.ts', CUES, [
    ['a cue lasts longer than the film', 'Math.min(endSeconds, lengthSeconds)', 'endSeconds'],
    ['a cue may end before it begins', "text !== '' && endSeconds > startSeconds", "text !== ''"],
    ['a time in a text begins a cue', 'isAfterGap ? TIMING.exec(line) : null', 'TIMING.exec(line)'],
    ['subtitles fill the memory', 'if (characters > MAX_CHARACTERS)', 'if (characters < 0)'],
    ['all subtitles together fill the memory', 'if (characters > MAX_ALL_CHARACTERS)', 'if (characters < 0)'],
    ['millions of empty lines cost nothing', 'line.length + LINE_CHARACTERS', 'line.length'],
  ]),
  ...mutantsOf('functions/media/cue-text.ts', CUES, [
    ['an arrow in a text tears its cue', ".replaceAll('>', '&gt;')", ''],
    ['a tag stays open', 'while (open.length > 0) out +=', 'while (open.length < 0) out +='],
  ]),
  ...mutantsOf('functions/captions.ts', CAPTIONS, [
    [
      'captions last longer than the film',
      'createCueReader({ lengthSeconds })',
      'createCueReader({ lengthSeconds: lengthSeconds === 0 ? 0 : undefined })',
    ],
  ]),
  ...mutantsOf('functions/media/bytes/encrypted.ts', MARKS, [
    ['a picture by Common Encryption passes', "['encv', 'enca',", "['enca',"],
    ['only the first track is looked at', 'traks.flatMap((', 'traks.slice(0, 1).flatMap(('],
    ['Matroska without details of its key passes', 'if (element.id === EBML.kind &&', 'if (false &&'],
    ['an encrypted Matroska passes', 'if (element.id === EBML.encryption) return true', ''],
    ['Windows Media DRM passes', 'ASF_OBJECTS.some((id)', 'ASF_OBJECTS.slice(1).some((id)'],
  ]),
  ...mutantsOf('functions/media/bytes/encrypted-transport.ts', MARKS, [
    ['a scrambled transport stream passes', 'scrambled > clear ?', 'scrambled < 0 ?'],
    ['SAMPLE-AES by its type passes', 'if (SAMPLE_AES_TYPES.includes(map[at] ?? 0)) return true', ''],
    [
      'SAMPLE-AES by its name passes',
      ' && SAMPLE_AES_NAME.test(name)) return true',
      ' && name === undefined) return true',
    ],
  ]),
  ...mutantsOf('functions/media/inspect.ts', ENCRYPTED, [
    [
      'encrypted media are copied',
      'if (encryption !== undefined) throw new PermanentError(encryption)',
      'void encryption',
    ],
  ]),
]
