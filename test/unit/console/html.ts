/** Says what a browser would silently repair, refuse or not find in a page. Pure. @module */

const VOID = new Set(['br', 'hr', 'img', 'input', 'link', 'meta', 'col', 'source', 'track', 'wbr'])
/** A browser ends a paragraph before any of these. */
const NO_PARAGRAPH = new Set(
  'p,div,ul,ol,dl,table,form,section,article,header,footer,nav,main,pre,h1,h2,h3,fieldset,details'.split(','),
)
/** Elements that may not be within another one of their kind, or of these kinds. */
const NOT_WITHIN: Readonly<Record<string, readonly string[]>> = {
  a: ['a', 'button'],
  button: ['a', 'button'],
  form: ['form'],
  input: ['a', 'button'],
  label: ['label'],
}
const REFERENCES = ['form', 'aria-labelledby', 'aria-describedby', 'for'] as const

interface Tag {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
}

/** Empty for a page without fault. */
export function faultsOf(html: string): readonly string[] {
  const faults: string[] = []
  const open: string[] = []
  const ids = new Map<string, number>()
  const references: string[] = []
  for (const [token] of html.replace(/^<!doctype html>/i, '').matchAll(/<[^>]*>|<|[^<]+/g)) {
    if (!token.startsWith('<')) {
      if (/&(?!#?\w+;)/.test(token)) faults.push(`a bare ampersand: ${token.slice(0, 60)}`)
      continue
    }
    const end = /^<\/([a-z][a-z0-9]*)>$/.exec(token)?.[1]
    if (end !== undefined) {
      const last = open.pop()
      if (last !== end) faults.push(`</${end}> where </${last}> is due`)
      continue
    }
    const tag = tagOf(token)
    if (!tag) {
      faults.push(`not a tag: ${token.slice(0, 80)}`)
      continue
    }
    faults.push(...faultsOfTag(tag, open))
    for (const name of REFERENCES) references.push(...(tag.attributes.get(name)?.split(' ') ?? []))
    const id = tag.attributes.get('id')
    if (id !== undefined) ids.set(id, (ids.get(id) ?? 0) + 1)
    if (!VOID.has(tag.name) && !token.endsWith('/>')) open.push(tag.name)
  }
  if (open.length > 0) faults.push(`not closed: ${open.join(', ')}`)
  for (const [id, count] of ids) if (count > 1) faults.push(`${count} elements have the id ${id}`)
  for (const id of new Set(references)) if (!ids.has(id)) faults.push(`there is no element with the id ${id}`)
  return faults
}

function tagOf(token: string): Tag | undefined {
  const [, name, text = ''] =
    /^<([a-zA-Z][a-zA-Z0-9]*)((?:\s+[\w:-]+(?:="[^"<>]*")?)*)\s*\/?>$/.exec(token) ?? []
  if (name === undefined) return undefined
  const found = [...text.matchAll(/\s+([\w:-]+)(?:="([^"]*)")?/g)]
  const attributes = new Map(found.map(([, attribute = '', value = '']) => [attribute, value]))
  return attributes.size === found.length ? { name, attributes } : undefined
}

function faultsOfTag({ name, attributes }: Tag, open: readonly string[]): readonly string[] {
  const faults: string[] = []
  for (const attribute of attributes.keys())
    if (attribute === 'style' || attribute.startsWith('on')) faults.push(`<${name} ${attribute}=…>`)
  const outer = (NOT_WITHIN[name] ?? []).find((each) => open.includes(each))
  if (outer !== undefined) faults.push(`<${name}> within <${outer}>`)
  if (open.at(-1) === 'p' && NO_PARAGRAPH.has(name)) faults.push(`<${name}> within <p>`)
  if (name === 'li' && !['ul', 'ol'].includes(open.at(-1) ?? '')) faults.push('<li> outside of a list')
  return faults
}
