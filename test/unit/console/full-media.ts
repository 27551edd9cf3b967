/** Results and streams for full-answers.ts, with the names that a test gives. @module */
import { fileAddress } from '../../../runtime/api/files/address.ts'
import type { FunctionOfObject } from '../../../runtime/api/objects/model.ts'
import type { Output } from '../../../runtime/api/results/outputs.ts'
import type { StreamDetail } from '../../../runtime/api/streams/model.ts'
import { RUN } from '../api/examples.ts'

/** Of a manifest that anyone may have written: all kinds of files, each with the strange name. */
export function outputsOf(key: string, run: number): Output[] {
  const types = [
    'video/mp4',
    'audio/mp4',
    'image/jpeg',
    'text/vtt',
    'application/vnd.apple.mpegurl',
    'application/json',
    key,
  ]
  return ['chunk', 'poster', 'thumbnails', 'captions', 'master', 'segment', key].flatMap((role, folder) =>
    types.map((contentType, index) => ({
      bucket: 'processed',
      key: `${run}/${folder}/${key}/${index}`,
      role,
      contentType,
      bytes: 1,
      sha256: key,
      group: key,
      language: key,
      href: fileAddress('processed', `${run}/${folder}/${key}/${index}`),
      // Parts of a film or a sound; all others are whole.
      ...(role === 'chunk' && { index, durationSeconds: 5 }),
    })),
  )
}

export function resultOf(key: string, run: number): NonNullable<FunctionOfObject['result']> {
  return {
    manifestBucket: 'processed',
    manifestKey: key,
    run: RUN.id,
    epoch: 0,
    functionVersion: key,
    generation: key,
    isOfLatest: true,
    isOutdated: false,
    files: 3,
    bytes: 3,
    finishedAt: RUN.createdAt,
    warnings: [key],
    outputs: outputsOf(key, run),
  }
}

export function streamOf(index: number, text: string): StreamDetail {
  const counts = { pieces: 3, seconds: 12, sizeBytes: 4_096, droppedSeconds: 1, gapSeconds: 2, gaps: 1 }
  const session = '20261129T221841Z-ba02e7'
  return {
    name: `cam${index}`,
    state: index % 2 === 0 ? 'live' : 'wanted',
    session,
    door: 'rtmp',
    peer: text,
    keyId: text,
    why: text,
    startedAt: RUN.createdAt,
    isStopping: false,
    isReceiverSilent: index % 3 === 0,
    numbers: { ...counts, spoolBytes: 1 },
    wanted: {
      url: text,
      since: RUN.createdAt,
      lastFailure: { why: text, at: RUN.createdAt, failures: 2 },
    },
    lastTakes: [{ take: 1, door: 'rtmp', peer: text, startedAt: RUN.createdAt, end: text }],
    history: [
      {
        session,
        door: 'rtmp',
        why: text,
        takes: 1,
        startedAt: RUN.createdAt,
        endedAt: RUN.createdAt,
        ...counts,
        record: { bucket: 'incoming', key: text },
      },
    ],
  }
}
