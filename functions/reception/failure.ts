/** FFmpeg's last lines -> the reason of its failure as a sentence. The words are those of the builds of 2018, 5.1 and 7.0.2. Pure. @module */

const WAYS: readonly (readonly [words: RegExp, sentence: string])[] = [
  [/Connection refused/, 'nothing listens there: the connection was refused'],
  [/401 Unauthorized|authorization failed/, 'the source asks for another user name or password (401)'],
  [/403 Forbidden/, 'the source refuses this client (403)'],
  [/404 Not Found|404 Stream Not Found|StreamNotFound/, 'the source has nothing under this address (404)'],
  [/Server returned 5XX/, 'the source failed (5xx)'],
  [/No route to host|Network is unreachable/, 'no network leads to the source'],
  [/timed out/, 'the source does not answer'],
  [
    /not on whitelist|not in allowed_segment_extensions|Error when loading first segment/,
    'it leads to an address that is not followed, such as a local file',
  ],
  [/Cannot read RTMP handshake response/, 'it does not answer as an RTMP server does'],
  [/Connection to srt:\S* failed/, 'no listener of SRT answers there, or the passphrase is not its own'],
  [/Invalid data found/, 'it does not send a stream that can be received'],
  [/Input\/output error|End of file/, 'the source ended the connection before any media'],
]

/** Of the lines that a take adds to those of FFmpeg. */
const OWN = 'reception failed: '

/** Completes "this could not be pulled: …"; undefined when FFmpeg says nothing that is known here. */
export function reasonOf(lastLines: readonly string[]): string | undefined {
  const own = lastLines.findLast((line) => line.startsWith(OWN))
  if (own !== undefined) return own.slice(OWN.length)
  return WAYS.find(([words]) => lastLines.some((line) => words.test(line)))?.[1]
}
