import { describe, expect, it } from 'vitest'
import { parseSenderKey } from '../../../../../runtime/reception/doors/rtmp/key.ts'

describe('the stream key of an RTMP sender', () => {
  it('is a name and a secret, as encoders write it', () => {
    expect(parseSenderKey('cam1?key=abc_DEF-123')).toEqual({ name: 'cam1', secret: 'abc_DEF-123' })
    expect(parseSenderKey('cam1?user=x&key=abc%2Bdef')).toEqual({ name: 'cam1', secret: 'abc+def' })
  })

  it.each(['', 'cam1', 'cam1?', 'cam1?key=', '?key=abc', 'Cam 1?key=abc', '../x?key=abc', 'a/b?key=abc'])(
    'is refused without a valid name or without a secret: %j',
    (text) => {
      expect(parseSenderKey(text)).toBeUndefined()
    },
  )
})
