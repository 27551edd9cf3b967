import { expect, it } from 'vitest'
import { endAfter, endBy } from '../../../../runtime/reception/stream/cut.ts'

it.each([
  { takeEnd: 'sender-lost', why: 'sender-lost' },
  { takeEnd: 'source-ended', why: 'source-ended' },
  { takeEnd: 'unreadable', why: 'unreadable' },
  { takeEnd: 'clock', why: 'sender-lost' },
  { takeEnd: 'taken-over', why: 'sender-lost' },
  { takeEnd: 'ffmpeg-lost', why: 'receiver-lost' },
  { takeEnd: 'draining', why: 'receiver-lost' },
  { takeEnd: 'receiver-lost', why: 'receiver-lost' },
  // Its receiver was killed, and nobody has said how the take ended.
  { takeEnd: undefined, why: 'receiver-lost' },
])(
  'a session whose last take ended as $takeEnd, and whose sender stays away, ends as $why',
  ({ takeEnd, why }) => {
    expect(endAfter(takeEnd)).toBe(why)
  },
)

it.each([
  { kind: undefined, how: 'ffmpeg-lost', isEmpty: false, why: undefined },
  { kind: undefined, how: 'ffmpeg-lost', isEmpty: true, why: undefined },
  { kind: undefined, how: 'sender-finished', isEmpty: false, why: 'sender-finished' },
  { kind: undefined, how: 'no-media', isEmpty: true, why: 'no-media' },
  { kind: undefined, how: 'no-media', isEmpty: false, why: undefined },
  { kind: 'stopped', how: 'sender-lost', isEmpty: false, why: 'stopped' },
  { kind: 'draining', how: 'sender-finished', isEmpty: false, why: undefined },
] as const)(
  'a take that ends as $how, cut as $kind, ends its session as $why',
  ({ kind, how, isEmpty, why }) => {
    expect(endBy(kind, how, isEmpty)).toBe(why)
  },
)
