/** XML of the store as plain values. Names stay text: `0123` and ` a ` are keys, not the number 123 and not `a`. @module */
import { XMLParser } from 'fast-xml-parser'
import { StorageError } from './errors.ts'

export type XmlNode = { readonly [name: string]: XmlValue }
export type XmlValue = string | XmlNode | readonly XmlValue[]

const parser = new XMLParser({
  parseTagValue: false,
  trimValues: false,
  ignoreDeclaration: true,
  ignoreAttributes: true,
  // The parser stops after a number of entities that one page of a listing exceeds; `decodeEntities` decodes them instead.
  processEntities: false,
})

/**
 * The element `root` of a document.
 *
 * @throws {StorageError} with code `InvalidXml` when `text` is something else: a proxy's page must not pass for an empty listing
 */
export function parseXml(text: string, root: string): XmlNode {
  const answer = parse(text)
  if (answer && root in answer) return childOf(answer, root)
  throw new StorageError(
    `the store answered without <${root}>: ${JSON.stringify(text.slice(0, 200))}; is MINIO_ENDPOINT an S3 endpoint?`,
    { code: 'InvalidXml' },
  )
}

function parse(text: string): XmlNode | undefined {
  try {
    return parser.parse(text) as XmlNode
  } catch {
    return undefined
  }
}

/** The element below `node`, or an empty one. */
export function childOf(node: XmlNode, name: string): XmlNode {
  const value = node[name]
  return typeof value === 'object' && !Array.isArray(value) ? (value as XmlNode) : {}
}

/** All elements of this name below `node`; the parser has one, several or none. */
export function childrenOf(node: XmlNode, name: string): readonly XmlNode[] {
  const value = node[name] ?? []
  return (Array.isArray(value) ? value : [value]).filter((item): item is XmlNode => typeof item === 'object')
}

/** The text of an element below `node`, with entities decoded; empty when there is none. */
export function textOf(node: XmlNode, name: string): string {
  const value = node[name]
  return typeof value === 'string' ? decodeEntities(value) : ''
}

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

export function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(lt|gt|amp|quot|apos));/gi, (all, decimal, hex, name) => {
    if (name) return NAMED[String(name).toLowerCase()] ?? all
    return String.fromCodePoint(Number.parseInt(String(decimal ?? hex), decimal ? 10 : 16))
  })
}
