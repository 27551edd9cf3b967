import { expect, it } from 'vitest'
import type { Examination } from '../../../../../runtime/function/take.ts'
import { createHead } from '../../../../../runtime/reception/doors/http/head.ts'

const MEDIA: Examination = { kind: 'media', format: 'mpegts', codecs: ['h264'] }

/** A head whose clock the test turns, and the looks that it took: sizes, negative for the last one. */
function headOf(answer: (sizeBytes: number, isAll: boolean) => Examination) {
  const looks: number[] = []
  let nowMs = 0
  const examine = (bytes: Buffer, isAll: boolean) => {
    looks.push(isAll ? -bytes.length : bytes.length)
    return Promise.resolve(answer(bytes.length, isAll))
  }
  return { head: createHead({ examine }, () => nowMs), looks, turn: (ms: number) => (nowMs += ms) }
}

it('is looked at when it has doubled, and keeps every byte', async () => {
  const { head, looks } = headOf((sizeBytes) => (sizeBytes >= 60_000 ? MEDIA : { kind: 'undecided' }))
  const answers: string[] = []
  for (let n = 0; n < 8; n++) answers.push((await head.add(Buffer.alloc(8_000, n))).kind)
  expect(looks).toEqual([24_000, 48_000])
  expect(new Set(answers)).toEqual(new Set(['undecided']))
  expect(head.takeAll()).toEqual(Buffer.concat([0, 1, 2, 3, 4, 5, 6, 7].map((n) => Buffer.alloc(8_000, n))))
})

it('of a slow sender is looked at once a second, and decided after twelve', async () => {
  const { head, looks, turn } = headOf(() => ({ kind: 'undecided' }))
  await head.add(Buffer.alloc(100))
  turn(1_000)
  await head.add(Buffer.alloc(100))
  turn(500)
  await head.add(Buffer.alloc(100))
  turn(11_000)
  await head.add(Buffer.alloc(100))
  expect(looks).toEqual([200, -400])
})

it('is decided at two megabytes, and at the end of a shorter body', async () => {
  const { head, looks } = headOf(() => ({ kind: 'undecided' }))
  await head.add(Buffer.alloc(3_000_000))
  expect(looks).toEqual([-2_000_000])
  const short = headOf(() => MEDIA)
  await short.head.add(Buffer.alloc(10))
  expect(await short.head.end()).toEqual(MEDIA)
  expect(short.looks).toEqual([-10])
})
