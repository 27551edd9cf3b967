/** Streams, their sessions and keys in JSON. @module */
import { z } from '@hono/zod-openapi'
import { DOORS } from '../../function/take.ts'
import { isKeyLifetime, KEY_LIFETIMES } from '../../queue/stream-records.ts'
import { isStreamName } from '../../reception/names.ts'
import { JOINS, NAME_RULE, ON_FULL, PIECE_SECONDS, reconnectMs, sessionMs } from '../../settings/streams.ts'
import { time } from '../http/page.ts'

export const STREAM_STATES = ['live', 'waiting', 'wanted', 'ended'] as const

export const streamName = z
  .string()
  .refine(isStreamName, `a name has ${NAME_RULE}`)
  .openapi({ example: 'cam1', description: NAME_RULE })

const seconds = z.number().min(0)

function isValid(parse: (text: string) => number): (text: string) => boolean {
  return (text) => {
    try {
      parse(text)
      return true
    } catch {
      return false
    }
  }
}

const countsShape = {
  pieces: z.int().min(0),
  seconds: seconds.openapi({ description: 'of media' }),
  sizeBytes: z.int().min(0),
  droppedSeconds: seconds.openapi({
    description: 'media that was received and given up, since the disk of the receiver was full',
  }),
  gapSeconds: seconds.openapi({
    description: 'media that is missing between pieces for any reason; what was dropped is part of it',
  }),
  gaps: z.int().min(0),
}

const numbersSchema = z.object({
  ...countsShape,
  spoolBytes: z
    .int()
    .min(0)
    .openapi({ description: "on the receiver's disk, not yet acknowledged by MinIO" }),
})

const door = z.enum(DOORS)

const takeSchema = z.object({
  take: z.int().min(1),
  door,
  peer: z.string().openapi({ description: 'the sender; of a pull, the address without its secrets' }),
  startedAt: time,
  end: z
    .string()
    .optional()
    .openapi({ description: 'how it ended; absent while it is under way', example: 'sender-lost' }),
})

const sessionSchema = z
  .object({
    session: z.string(),
    door,
    why: z.string().openapi({ description: 'the reason of its end' }),
    takes: z.int().min(0),
    startedAt: time,
    endedAt: time,
    ...countsShape,
    record: z
      .object({ bucket: z.string(), key: z.string() })
      .openapi({ description: 'where its `session.json` is' }),
  })
  .openapi('StreamSession')

const streamShape = {
  name: z.string(),
  state: z.enum(STREAM_STATES).openapi({
    description:
      '`waiting`: for its sender to come back; `wanted`: to be pulled, and the source does not answer; `ended`: in the last seven days',
  }),
  session: z.string().optional().openapi({ example: '20261129T221841Z-ba02e7' }),
  door: door.optional(),
  peer: z.string().optional(),
  keyId: z.string().optional().openapi({ description: 'the key that its sender gave' }),
  takes: z.int().min(0).optional().openapi({ description: 'connections of the sender in this session' }),
  startedAt: time.optional(),
  takeStartedAt: time.optional(),
  endedAt: time.optional(),
  why: z.string().optional().openapi({ description: 'the reason of its end' }),
  isStopping: z.boolean().openapi({ description: 'its end was requested' }),
  isReceiverSilent: z.boolean().openapi({
    description: 'its receiver has not been heard of for longer than its lease; another one may take over',
  }),
  numbers: numbersSchema.optional().openapi({ description: 'of this session' }),
  numbersAt: time.optional().openapi({
    description:
      'when its receiver said the numbers, as it does every third of its lease (10 s); absent once it has ended',
  }),
  wanted: z
    .object({
      url: z.string().openapi({ description: 'without its secrets' }),
      since: time,
      seconds: z.int().optional(),
      maxDurationSeconds: z.number().optional(),
      reconnectSeconds: z.number().optional(),
      onFull: z.enum(ON_FULL).optional(),
      join: z.enum(JOINS).optional(),
      lastFailure: z
        .object({
          why: z.string().openapi({ description: 'a sentence without secrets' }),
          at: time,
          failures: z.int().min(1).openapi({ description: 'in a row' }),
        })
        .optional()
        .openapi({ description: 'of the pull, until it gives media' }),
    })
    .optional()
    .openapi({ description: 'set while it is to be pulled' }),
  playlist: z
    .string()
    .optional()
    .openapi({ description: 'path of its playlist', example: '/v1/streams/cam1/live.m3u8' }),
}

export const streamSchema = z.object(streamShape).openapi('Stream')

/** The answer to the request of its end. */
export const stoppedSchema = z
  .object({
    ...streamShape,
    hasEndedPull: z.boolean().openapi({ description: 'it was to be pulled, and is not any more' }),
  })
  .openapi('StoppedStream')
export type StoppedStream = z.infer<typeof stoppedSchema>

export const streamDetailSchema = z
  .object({
    ...streamShape,
    lastTakes: z.array(takeSchema).openapi({ description: 'the last 20 of this session, oldest first' }),
    history: z
      .array(sessionSchema)
      .openapi({ description: 'the last 50 sessions that have ended, newest first' }),
  })
  .openapi('StreamDetail')

/** In the place of the settings of receivers, for one pull. */
const pullOptions = {
  seconds: z
    .int()
    .min(PIECE_SECONDS.least)
    .max(PIECE_SECONDS.most)
    .optional()
    .openapi({ description: 'length of its pieces, which are cut at the next keyframe' }),
  maxDuration: z
    .string()
    .refine(isValid(sessionMs), 'must be a duration of 1m to 24h')
    .optional()
    .openapi({ description: 'the longest session, such as `12h`: the pull then continues with a new one' }),
  reconnect: z
    .string()
    .refine(isValid(reconnectMs), 'must be a duration of 0s to 1h')
    .optional()
    .openapi({ description: 'how long its session waits for the source, such as `2m`' }),
  onFull: z.enum(ON_FULL).optional().openapi({
    description:
      'when the disk of the receiver is full: `drop-oldest` (default) gives up the oldest pieces, `brake` does not read from the source',
  }),
  join: z
    .enum(JOINS)
    .optional()
    .openapi({ description: 'the file that the pieces of each session become at its end' }),
}

export const pullRequest = z
  .strictObject({
    name: streamName,
    url: z.string().min(1).max(2_000).openapi({
      description:
        'rtsp, rtmp, srt, http or https (also of an HLS playlist); its password is never shown again',
      example: 'rtsp://viewer:secret@camera1.example/live',
    }),
    ...pullOptions,
  })
  .openapi('Pull')

export const keyRequest = z
  .strictObject({
    expiresIn: z
      .string()
      .refine(isKeyLifetime, `must be a duration of ${KEY_LIFETIMES}`)
      .optional()
      .openapi({ description: 'such as `12h`; without it the key is good until it is revoked' }),
  })
  .openapi('NewStreamKey')

const keyShape = {
  id: z.string(),
  name: z.string().openapi({ description: 'of its stream; `*`: good for every stream' }),
  createdAt: time,
  expiresAt: time.optional(),
  revokedAt: time.optional(),
}

export const keySchema = z.object(keyShape).openapi('StreamKey')

export const createdKeySchema = z
  .object({ ...keyShape, secret: z.string().openapi({ description: 'shown only now' }) })
  .openapi('CreatedStreamKey')

export type PullRequest = z.output<typeof pullRequest>
export type StreamView = z.output<typeof streamSchema>
export type StreamDetail = z.output<typeof streamDetailSchema>
export type StreamSessionView = z.output<typeof sessionSchema>
export type StreamKeyView = z.output<typeof keySchema>
export type CreatedStreamKey = z.output<typeof createdKeySchema>
