/** The habits that make English read as translated, and the idiom for each. Pure. @module */
export interface Habit {
  readonly name: string
  readonly idiom: string
  /** A blank stands for any white space, so that a phrase is found across a line break. */
  readonly pattern: RegExp
  /** Searched only at the start of a help text or a comment. */
  readonly isStart?: boolean
}

/** The eight habits first, then smaller ones. */
export const HABITS: readonly Habit[] = [
  habit(
    '"is no X"',
    '"is not a valid X", "is not an X"',
    /(?<!\bthere )\b(?:is|are|was|were) no (?!longer\b|more\b|less\b|fewer\b|[a-z]+er\b)/i,
  ),
  habit(
    '"is none"',
    '"is not one", "is malformed"',
    /(?<!\bthere )\b(?:is|are|was|were) none\b(?! (?:of|the)\b)/i,
  ),
  habit(
    '"goes on"',
    '"is in progress", "is still running", "continues"',
    /\b(?:go|goes|going|went|gone) on\b(?! (?:air|strike)\b)/i,
  ),
  start(
    '"What …", "Who …" or "Whose …" as the subject',
    'name the noun',
    /^(?:what|who|whose)\b(?![^.]*\?)/i,
  ),
  habit(
    '"is told"',
    '"is reported", "is logged", "learns"',
    /\b(?:is|are|was|were|been|being) told\b(?! (?:apart|from)\b)/i,
  ),
  habit('"says to"', '"instructs", "asks to"', /\bsa(?:y|ys|id) to\b(?! (?:be|have|lack)\b)/i),
  habit('"begins so"', '"starting with this prefix"', /\b(?:begin|begins|begun|began|starts|start) so\b/i),
  habit('"anew"', '"again", "from the start"', /\banew\b/i),
  habit(
    '"stands" for "is"',
    '"is", "is current", "is stored"',
    /\bstands?\b(?!-| (?:for|still|out|alone)\b)/i,
  ),
  habit('"whoever"', '"a process that", "callers that"', /\bwho(?:m|so)?ever\b/i),
  habit(
    '"who" without an antecedent',
    '"callers that", "readers that"',
    /\b(?:for|to|by|of|with|from|than) whom? (?!it\b)[a-z]+s\b|(?:^|; )who [a-z]+\b/i,
  ),
  habit('"by" a setting', '"with" a setting', /\bby:? [`"]?(?:SLUICE|MINIO|REDIS)_/),
  habit('"broke off"', '"was cut off"', /\b(?:break|breaks|broke|broken|breaking) off\b/i),
  habit('"seen to"', '"handled"', /(?<!\bbe )\bseen to\b/i),
  habit('"an own"', '"its own"', /\ban? own\b/i),
  habit('"mend"', '"fix"', /\bmend(?:s|ed|ing)?\b/i),
]

function habit(name: string, idiom: string, pattern: RegExp): Habit {
  return {
    name,
    idiom,
    pattern: new RegExp(pattern.source.replaceAll(' ', String.raw`\s+`), `${pattern.flags}g`),
  }
}

function start(name: string, idiom: string, pattern: RegExp): Habit {
  return { ...habit(name, idiom, pattern), isStart: true }
}
