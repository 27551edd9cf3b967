/** Reception without one of its guards each: what keeps a piece until the bucket has it, and a playlist from a receiver that slept. */
import { mutantsOf, type Mutant } from './mutant.ts'

const BUCKET = ['test/integration/reception-bucket.test.ts']
const FAULTS = ['test/integration/reception-faults.test.ts']
const RECOVERY = ['test/integration/reception-recovery.test.ts']
const ENGINE = ['test/integration/reception.test.ts']
const RECORDS = ['test/integration/records-streams.test.ts']
const SENDER = ['test/unit/reception/spool/sender.test.ts']
const JOURNAL = ['test/unit/reception/session/journal.test.ts']

export const RECEPTION_MUTANTS: readonly Mutant[] = [
  ...mutantsOf('runtime/reception/spool/send-piece.ts', BUCKET, [
    ['any object under its key is taken for the piece', 'return isSame ?', 'return isSame || found ?'],
    ['a piece overwrites what is there', "        ifNoneMatch: '*',\n", ''],
  ]),
  ...mutantsOf(
    'runtime/reception/playlist/playlist.ts',
    ['test/unit/reception/playlist/playlist.test.ts'],
    [
      [
        'fragmented MP4 is listed without its header',
        '...(piece.headerBytes === undefined',
        '...((true as boolean)',
      ],
      [
        'a playlist changes its format',
        'isPlayable(entry, at) && entry.piece.extension === extension',
        'isPlayable(entry, at)',
      ],
    ],
  ),
  ...mutantsOf('runtime/reception/playlist/playlist-writer.ts', BUCKET, [
    [
      'a playlist without If-Match',
      "...(old === 'none' ? { ifNoneMatch: '*' as const } : { ifMatch: old.etag }),",
      '',
    ],
  ]),
  ...mutantsOf('runtime/reception/playlist/playlist-writer.ts', FAULTS, [
    [
      'a playlist is written after the lease',
      'const leftMs = Math.floor(mayWriteForMs())',
      'const leftMs = 60_000',
    ],
  ]),
  ...mutantsOf('runtime/reception/reception.ts', RECOVERY, [
    [
      'a session that is continued leaves behind what is on this disk',
      'await adoption.resume(of)',
      'adoption.create(of)',
    ],
  ]),
  ...mutantsOf(
    'runtime/reception/playlist/playlist.ts',
    ['test/unit/reception/playlist/playlist.test.ts'],
    [
      [
        'a playlist begins with pictures without their sound',
        '!piece.hasSilentTrack || entries[at + 1]?.piece.take === piece.take',
        'true',
      ],
    ],
  ),
  ...mutantsOf(
    'runtime/reception/doors/http/body.ts',
    ['test/unit/reception/doors/http/body.test.ts'],
    [['a fast sender waits for each pause', 'Math.max(1 / 4, GATHERED_BYTES / gatheredBytes)', '2']],
  ),
  ...mutantsOf('runtime/reception/stream/ending.ts', ENGINE, [
    ['a session without pieces stands in the history', 'isEmpty: !isRecorded', 'isEmpty: false'],
  ]),
  ...mutantsOf('runtime/reception/stream/adoption.ts', RECOVERY, [
    [
      'a session that another receiver has is recorded as ended',
      'else void stream.sendRest(dead.ended)',
      'else if (dead.ended) finishIfEnded(stream, dead)\n    else void stream.sendRest()',
    ],
    [
      'a session that is ended for a lost receiver has no journal',
      '?? (await resume({ name, session }))',
      '?? create({ name, session })',
    ],
  ]),
  ...mutantsOf('runtime/records/streams.ts', RECORDS, [
    [
      'a record that cannot be read is written over',
      'if (!record) throw new UnreadableRecordError({ bucket, key })\n    return { record, etag: found.etag }',
      'return { record: record ?? NO_RECORD, etag: found.etag }',
    ],
    ['the copy of a record that cannot be read is removed', 'if (text === UNREADABLE) continue', ''],
  ]),
  ...mutantsOf('runtime/reception/stream/conclude.ts', BUCKET, [
    [
      'the end of a session is written without If-Match',
      'return putIfUnchanged(storage, { bucket: RESULT_BUCKET, key }, current?.etag, { bytes, contentType })',
      'return storage.put(RESULT_BUCKET, key, { bytes }, { contentType }).then(() => true)',
    ],
    [
      'a late disk forgets what was recorded',
      'mergedLosses(facts.losses, earlier?.losses ?? [])',
      'facts.losses',
    ],
  ]),
  ...mutantsOf(
    'runtime/reception/spool/spool.ts',
    ['test/unit/reception/spool/spool.test.ts'],
    [['a fast sender fills the disk between two looks', 'leftBytes -= bytes * WRITTEN_FOR_RECEIVED', '']],
  ),
  ...mutantsOf('runtime/reception/spool/sender.ts', SENDER, [
    [
      'pieces on their way are not dropped',
      'const [oldest] = queue',
      'const oldest = queue.find(({ isSending }) => !isSending)',
    ],
    [
      'a piece that was dropped is reported as sent',
      'if (queue.includes(waiting)) onSent(unsent, sent)',
      'onSent(unsent, sent)',
    ],
  ]),
  ...mutantsOf('runtime/reception/session/journal.ts', JOURNAL, [
    [
      'a line is appended to a torn one',
      "let prefix = textOf(path).endsWith('\\n') ? '' : '\\n'",
      "let prefix = ''",
    ],
  ]),
  ...mutantsOf('runtime/reception/stream/recover.ts', JOURNAL, [
    [
      'pieces that FFmpeg had not closed are forgotten',
      'for (const take of takes.toSorted((a, b) => a - b)) await session.admitOpen(take)',
      'void takes',
    ],
  ]),
  ...mutantsOf('runtime/reception/session/session.ts', FAULTS, [
    ['nothing is dropped', 'const dropped = sender.dropOldest()', 'const dropped = undefined; break'],
    ['pieces that could not be read go with their folder', 'if (unread.size > 0) return disown()', ''],
  ]),
  ...mutantsOf('runtime/reception/stream/stream.ts', RECOVERY, [
    ['a receiver that has lost a stream goes on', "current?.cut('lease-lost')", ''],
  ]),
]
