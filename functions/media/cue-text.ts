/** The text of one cue, in WebVTT's own spelling. Pure. Source: W3C WebVTT, 4.2.2 (cue components) and 6.4 (tokenizer). @module */

/** A tag that WebVTT has. Those with a name in them (`v`, `lang`) need it. */
const TAG =
  /<(?:(\/?)(b|i|u|c|v|lang|ruby|rt)((?:\.[^\s<>.&]+)*)(?:[ \t]+([^<>\n]*))?|((?:\d{2,}:)?[0-5]\d:[0-5]\d\.\d{3}))>/g
const ENTITY = /&(?!(?:amp|lt|gt|lrm|rlm|nbsp|#\d{1,7}|#x[\da-f]{1,6});)/gi
const NEEDS_NAME = new Set(['v', 'lang'])

/**
 * Escapes what is not markup, keeps the tags that WebVTT has, and makes them nest: an open one is closed at the end,
 * one that closes nothing goes. Times inside (karaoke) stay when they grow within the cue's own. No line is empty.
 *
 * @param startSeconds - of the cue
 * @param endSeconds - of the cue
 */
export function cueText(raw: string, startSeconds = 0, endSeconds = Infinity): string {
  const text = withoutEmptyLines(raw.replaceAll('\0', '\uFFFD').replace(/\r\n?/g, '\n'))
  const open: string[] = []
  let out = ''
  let last = 0
  let time = startSeconds
  const write = (piece: string) => (out += escaped(piece))
  for (const match of text.matchAll(TAG)) {
    const [all, slash, name, classes = '', annotation = '', clock] = match
    write(text.slice(last, match.index))
    last = match.index + all.length
    if (clock !== undefined) {
      const seconds = secondsOf(clock)
      if (seconds <= time || seconds >= endSeconds) continue
      time = seconds
      out += all
    } else if (name !== undefined && slash === '/') {
      out += close(open, name)
    } else if (name !== undefined) {
      const named = escaped(annotation.trim())
      // The speaker of a speaker's words is the first one.
      if (name === 'v' && open.includes('v')) continue
      if (NEEDS_NAME.has(name) ? named === '' : name === 'rt' && open.at(-1) !== 'ruby') continue
      open.push(name)
      out += `<${name}${classes}${NEEDS_NAME.has(name) ? ` ${named}` : ''}>`
    }
  }
  write(text.slice(last))
  while (open.length > 0) out += `</${open.pop()}>`
  // A tag that went may have had its line for itself.
  return isBlank(out) ? '' : withoutEmptyLines(out)
}

function withoutEmptyLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n')
}

/** Closes what was opened inside as well; nothing when it is not open. */
function close(open: string[], name: string): string {
  if (!open.includes(name)) return ''
  let out = ''
  for (;;) {
    const inner = open.pop()
    out += `</${inner}>`
    if (inner === name) return out
  }
}

function escaped(text: string): string {
  return text.replace(ENTITY, '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function isBlank(markup: string): boolean {
  return markup.replace(/<[^>]*>/g, '').trim() === ''
}

function secondsOf(clock: string): number {
  return clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
}
