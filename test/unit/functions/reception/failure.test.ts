import { expect, it } from 'vitest'
import { reasonOf } from '../../../../functions/reception/failure.ts'

it.each([
  [
    '[error] rtsp://127.0.0.1:18098/x: Connection refused',
    'nothing listens there: the connection was refused',
  ],
  ['[rtmp @ 0x1] [error] Cannot read RTMP handshake response', 'it does not answer as an RTMP server does'],
  [
    '[error] http://10.9.9.9/401: Server returned 401 Unauthorized (authorization failed)',
    'the source asks for another user name or password (401)',
  ],
  ['[http @ 0x1] [warning] HTTP error 404 Not Found', 'the source has nothing under this address (404)'],
  [
    '[hls @ 0x1] [error] URL file:///etc/passwd is not in allowed_segment_extensions',
    'it leads to an address that is not followed, such as a local file',
  ],
  [
    "[hls,applehttp @ 0x1] [error] Error when loading first segment 'file:///etc/passwd'",
    'it leads to an address that is not followed, such as a local file',
  ],
  [
    '[fatal] Error opening input files: Invalid data found when processing input',
    'it does not send a stream that can be received',
  ],
  [
    '[srt @ 0x1] [error] Connection to srt://127.0.0.1:1?… failed: Input/output error',
    'no listener of SRT answers there, or the passphrase is not its own',
  ],
  [
    'reception failed: the codec flv1 cannot be cut into MPEG-TS',
    'the codec flv1 cannot be cut into MPEG-TS',
  ],
])('is a sentence for %s', (line, sentence) => {
  expect(reasonOf(['[warning] something before it', line, 'something after it'])).toBe(sentence)
})

it('is the first reason, not what followed from it', () => {
  const lines = [
    '[tcp @ 0x1] [error] Connection to tcp://127.0.0.1:1 failed: Connection refused',
    '[fatal] Error opening input files: Input/output error',
  ]
  expect(reasonOf(lines)).toBe('nothing listens there: the connection was refused')
})

it('is unknown where FFmpeg says nothing that is known', () => {
  expect(reasonOf([])).toBeUndefined()
  expect(reasonOf(['[mpegts @ 0x1] [warning] DTS discontinuity'])).toBeUndefined()
})
