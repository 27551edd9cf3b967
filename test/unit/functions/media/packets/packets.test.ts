import { expect, it } from 'vitest'
import { createCopyParser, parsePacket } from '../../../../../functions/media/packets/packets.ts'

it('reads the packets that FFmpeg copied as it reads those that ffprobe lists', () => {
  const parse = createCopyParser([3, 1])
  const lines = [
    '#software: Lavf59.27.100',
    '#tb 0: 1/90000',
    '#tb 1: 1/48000',
    '0,          0,       7200,     3600,     7648, 0x2bd4c8a0',
    '0,       3600,      14400,     3600,      270, 0x1a2b3c4d, F=0x0',
    '1, -9223372036854775808, -9223372036854775808,     1536,      384, 0x9a0b1c2d, S=1,       10, 0x1',
    '2,          0,          0,     1536,      384, 0x9a0b1c2d',
  ]
  expect(lines.map(parse).filter(Boolean)).toEqual(
    ['3,0.08,0.00,0.04,7648,K_', '3,0.16,0.04,0.04,270,__', '1,N/A,N/A,0.032,384,K_'].map(parsePacket),
  )
})
