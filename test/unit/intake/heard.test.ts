import { expect, it } from 'vitest'
import { rememberHeard } from '../../../runtime/intake/heard.ts'

function createCounting(heldMaxBytes?: number) {
  const reads: string[] = []
  const heard = rememberHeard<string[]>(
    (raw) => {
      reads.push(raw.toString('latin1'))
      return raw.toString('latin1').split(',')
    },
    (planned) => !planned.includes('broken'),
    heldMaxBytes,
  )
  const read = (text: string) => heard(Buffer.from(text, 'latin1'))
  return { reads, read }
}

it('reads a text once for two copies, and again for a third', () => {
  const { reads, read } = createCounting()
  expect(read('a,b')).toEqual(['a', 'b'])
  expect(read('a,b')).toEqual(['a', 'b'])
  expect(reads).toEqual(['a,b'])
  expect(read('a,b')).toEqual(['a', 'b'])
  expect(reads).toEqual(['a,b', 'a,b'])
})

it('takes two texts that differ in one byte for two, also where a string would hide it', () => {
  const { reads, read } = createCounting()
  read('\xff')
  read('\xfe')
  read('\xff ')
  expect(reads).toEqual(['\xff', '\xfe', '\xff '])
})

it('reads malformed texts each time', () => {
  const { reads, read } = createCounting()
  read('a,broken')
  read('a,broken')
  expect(reads).toHaveLength(2)
})

it('holds no more bytes than it may: the oldest text is read again', () => {
  const { reads, read } = createCounting(10)
  for (const text of ['aaaa', 'bbbb', 'cccc', 'bbbb', 'cccc', 'aaaa']) read(text)
  expect(reads).toEqual(['aaaa', 'bbbb', 'cccc', 'aaaa'])
})

it('leaves a long text to others, however often it comes', () => {
  const { reads, read } = createCounting()
  const long = 'x'.repeat(8 * 1024 + 1)
  expect([read(long), read(long)]).toEqual([undefined, undefined])
  expect(reads).toEqual([])
})
