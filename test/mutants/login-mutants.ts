/** The login of browsers without one of its guards each. @module */
import { mutantsOf } from './mutant.ts'

const LOGIN = ['test/unit/console/login.test.ts']
const CALLERS = ['test/unit/api/login/callers.test.ts']

export const LOGIN_MUTANTS = [
  ...mutantsOf('runtime/api/login/link.ts', LOGIN, [
    [
      'a link logs in as often as it is used',
      "  if (use.kind !== 'begun') return undefined\n  await use.keep({ status: 303, body: '' })\n",
      '',
    ],
  ]),
  ...mutantsOf('runtime/api/login/signed-note.ts', LOGIN, [
    ['a link is a session too', 'update(purpose)', "update('')"],
    ['a note never ends', ' && nowMs < Number(untilMs)', ''],
  ]),
  ...mutantsOf('runtime/api/login/cookie.ts', LOGIN, [
    [
      'a cookie that was set over plain HTTP counts over TLS',
      '(isSecure(c) ? getCookie(c, NAME, prefix) : getCookie(c, NAME))',
      '((isSecure(c) ? getCookie(c, NAME, prefix) : undefined) ?? getCookie(c, NAME))',
    ],
  ]),
  ...mutantsOf('runtime/api/login/callers.ts', CALLERS, [
    [
      'strangers say who they are',
      '    if (!isTrusted(socket)) return { address: socket, isSecure: false }\n',
      '',
    ],
  ]),
]
