/** The console without one of its guards each. @module */
import { mutantsOf, type Mutant } from './mutant.ts'

const DEEDS = ['test/unit/console/deeds.test.ts']
const LETTERS = ['test/unit/console/pages/dead-letters.test.ts']
const PAGES = ['test/unit/console/pages/every.test.ts']
const SHOW = ['test/unit/console/show/shared.test.ts', 'test/unit/console/show/show.test.ts']

export const CONSOLE_MUTANTS: readonly Mutant[] = [
  ...mutantsOf('runtime/console/login.tsx', DEEDS, [
    ['a reader may change things', "if (role === 'reader' && ", "if (role !== 'reader' && "],
  ]),
  ...mutantsOf('runtime/console/routes/dead-letters.tsx', LETTERS, [
    ['an operator may remove dead letters', '    assertAdmin(c)\n', ''],
    ['dead letters run again without a look', 'dryRun: !isConfirmed,\n', 'dryRun: false,\n'],
    [
      'a confirmed kind is looked up again, and may have others by then',
      "fields.has('confirmed') ? [] : fields.all('kind')",
      "fields.all('kind')",
    ],
  ]),
  ...mutantsOf('runtime/console/links.ts', DEEDS, [
    [
      'the key of an object that is run again is cut at a question mark',
      '/run?key=${encodeKey(key)}`',
      '/run?key=${key}`',
    ],
  ]),
  ...mutantsOf('runtime/console/routes/runs.tsx', DEEDS, [
    [
      'one refused run holds up the others',
      '        refusals.push(error.message)\n',
      '        throw error\n',
    ],
  ]),
  ...mutantsOf('runtime/console/show/shared.ts', SHOW, [
    [
      'a page whose change is young gets a drawing from before it',
      'Math.min(withinMs, MOST_WITHIN_MS)',
      'MOST_WITHIN_MS',
    ],
    [
      'a drawing that failed is sent again',
      '      if (entries.get(key) === entry) entries.delete(key)\n',
      '',
    ],
  ]),
  ...mutantsOf('runtime/console/show/show.tsx', SHOW, [
    ['the notice of one person is shown to all', ' && viewer.notice === undefined)', ')'],
    [
      'roles share a drawing',
      'const key = JSON.stringify([role, base, pathname, search])',
      'const key = JSON.stringify([role === undefined, base, pathname, search])',
    ],
  ]),
  ...mutantsOf('runtime/console/parts/parts.tsx', PAGES, [
    ['the log of a tool can turn the page around', 'lines.map(printable)', 'lines.map(String)'],
  ]),
]
