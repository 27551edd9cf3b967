import { describe, expect, it } from 'vitest'
import { childOf, childrenOf, parseXml, textOf } from '../../../runtime/storage/xml.ts'

describe('XML of the store', () => {
  it.each(['0123', '1e5', '0x1F', 'true', ' a ', '1.0', ''])('keeps the text %j as it is', (text) => {
    expect(textOf(parseXml(`<R><Key>${text}</Key></R>`, 'R'), 'Key')).toBe(text)
  })

  it('decodes entities, named and numbered, once', () => {
    const node = parseXml('<R><A>&lt;&amp;lt;&gt;&quot;&apos;&#34;&#x1F3AC;&#10;&unknown;</A></R>', 'R')
    expect(textOf(node, 'A')).toBe('<&lt;>"\'"🎬\n&unknown;')
  })

  it('reads more entities than a parser allows for one document', () => {
    const many = `<R>${'<A>&#34;x&#34;</A>'.repeat(5_000)}</R>`
    expect(many.length).toBeGreaterThan(0)
    expect(() => parseXml(many, 'R')).not.toThrow()
  })

  it('finds elements whether there are none, one or several', () => {
    const node = parseXml('<R><One><A>1</A></One><Two><A>1</A></Two><Two><A>2</A></Two><Empty/></R>', 'R')
    expect(childrenOf(node, 'None')).toEqual([])
    expect(childrenOf(node, 'One').map((child) => textOf(child, 'A'))).toEqual(['1'])
    expect(childrenOf(node, 'Two').map((child) => textOf(child, 'A'))).toEqual(['1', '2'])
    expect(childrenOf(node, 'Empty')).toEqual([])
    expect(childOf(node, 'None')).toEqual({})
  })

  it.each(['<html><body>Bad gateway</body></html>', 'hello', '', '<R'])('is not %j', (text) => {
    expect(() => parseXml(text, 'R')).toThrow(/answered without <R>.*is MINIO_ENDPOINT an S3 endpoint/)
  })
})
