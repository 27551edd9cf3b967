/** The doors of reception without one of their guards each. @module */
import { mutantsOf, type Mutant } from './mutant.ts'

const HTTP = ['test/integration/reception-http.test.ts']
const unit = (name: string) => [`test/unit/reception/doors/${name}.test.ts`]

export const DOOR_MUTANTS: readonly Mutant[] = [
  ...mutantsOf('runtime/reception/doors/door.ts', unit('door'), [
    [
      'a sender is let in while keys cannot be checked',
      "return refused('redis', 'Redis does not answer, so keys cannot be checked: try again in a few seconds')",
      "return { kind: 'right', keyId: '' }",
    ],
    [
      'every key is right',
      "if (verdict.kind === 'right') return verdict",
      "return { kind: 'right', keyId: '' }",
    ],
  ]),
  ...mutantsOf('runtime/reception/doors/http/http.ts', HTTP, [
    [
      'a sender without a good key is received',
      "return answer.kind === 'right' ?",
      "return answer.kind !== 'right' ?",
    ],
    ['the name of a stream is not checked', 'if (!isStreamName(name))', 'if (false as boolean)'],
  ]),
  ...mutantsOf('runtime/reception/doors/pull/allowed-host.ts', unit('pull/allowed-host'), [
    [
      'any address of a name is connected to',
      '(each) => isNamed || hosts.some',
      '(each) => isNamed || each || hosts.some',
    ],
  ]),
  ...mutantsOf('runtime/reception/doors/pull/proxy.ts', unit('pull/proxy'), [
    [
      'a tunnel to any host is opened',
      'const answer = await ask(bare(host), Number(port))',
      "const answer = { kind: 'allowed', address: bare(host) } as HostAnswer",
    ],
    [
      'a failure of the source is not noted',
      'if (statusCode >= 400) return',
      'if (statusCode >= 600) return',
    ],
  ]),
  ...mutantsOf('runtime/reception/doors/early-take.ts', unit('early-take'), [
    ['a pull that brakes reads on', '    take.pause()\n', ''],
    ['a fast pull fills the disk between two looks', 'await connection?.expects(bytes)', ''],
  ]),
  ...mutantsOf(
    'runtime/reception/doors/rtmp/pass-on.ts',
    ['test/unit/reception/doors/rtmp/pass-on.test.ts'],
    [['a reply costs the rest of a film', 'receivedBytes < MEDIA_AFTER_BYTES', 'true']],
  ),
  ...mutantsOf(
    'runtime/reception/stream/chosen.ts',
    ['test/unit/reception/stream/chosen.test.ts'],
    [['a pull has sessions of any length', 'sessionMs ?? settings.sessionMs', 'settings.sessionMs']],
  ),
  ...mutantsOf('runtime/reception/doors/http/crowd.ts', unit('http/crowd'), [
    ['silent connections of an address have no limit', 'own.length >= limits.mostOfAddress', 'false'],
    ['silent connections have no limit together', 'strangers.length >= limits.most', 'false'],
    [
      'a connection is closed while its request is answered',
      'isSilent && now() - sinceMs >= limits.patienceMs',
      'now() - sinceMs >= limits.patienceMs',
    ],
  ]),
  ...mutantsOf('runtime/reception/doors/pull/pull-address.ts', unit('pull/pull-address'), [
    ['a pulled address of SRT may listen', 'if (!SRT_OPTIONS.has(name) &&', 'if (name === undefined &&'],
    ['FFmpeg reads the address as it was written', 'href: url.href,', 'href: text,'],
  ]),
  ...mutantsOf('runtime/reception/doors/rtmp/gate-limits.ts', unit('rtmp/gate-limits'), [
    ['there is no limit of senders without a key', 'inside.length >= most ||', 'inside.length < 0 ||'],
  ]),
  ...mutantsOf('runtime/reception/doors/silence.ts', unit('silence'), [
    ['the silence of a braked sender counts', 'isOurs() ? 0 : silentMs + passedMs', 'silentMs + passedMs'],
  ]),
  ...mutantsOf(
    'runtime/reception/doors/rtmp/rtmp.ts',
    ['test/integration/reception-rtmp.test.ts'],
    [['a sender without media takes over', 'if (early.isSilent()) {', 'if (false) {']],
  ),
  ...mutantsOf('runtime/reception/doors/running-take.ts', unit('running-take'), [
    ['the death of our FFmpeg is the loss of the sender', "if (wasLost) return 'ffmpeg-lost'", ''],
    ['a torn piece on a full disk is whole', "if (isDiskFull) return 'disk-full'", ''],
    [
      'a complete body is stored though FFmpeg failed',
      "return code === 0 ? 'sender-finished' : 'unreadable'",
      "return 'sender-finished'",
    ],
    ['a body of which a part was not read is whole', "if (stoppedReading) return 'unreadable'", ''],
    [
      'media in an open piece counts as none',
      "if (pieces === 0 && !wasKilled) return 'no-media'",
      "if (pieces === 0) return 'no-media'",
    ],
  ]),
]
