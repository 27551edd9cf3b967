/** Whatever an object is called, it gets one run, and its results lie under that very name. */
import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { sha256Hex } from '../helpers/sha256.ts'
import { useAnyStack } from '../helpers/told.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useAnyStack()

/** A name of so many bytes, in segments of up to 200. */
const long = (bytes: number, letter: string) =>
  letter.repeat(bytes).replaceAll(new RegExp(`(${letter}{199})${letter}(?=${letter})`, 'g'), '$1/')
const hashed = (key: string) => `@${sha256Hex(key)}`
const put = (key: string) =>
  used.uploader.put('incoming', key, { bytes: Buffer.from(`of ${key}`) }, { contentType: 'text/plain' })

/** What an uploader finds at a place when the only run of this object has succeeded. */
async function resultsAt(place: string, key: string) {
  await used.onlyRun(key)
  const { manifest, ...told } = await used.told(place)
  const pointer = await used.uploader.readText('processed', `${place}/any/told.json`)
  return { source: manifest.source.key, told, pointer: JSON.parse(pointer?.text ?? '') as unknown }
}

function resultsOf(key: string) {
  const told = { key, bytes: Buffer.byteLength(`of ${key}`), sha256: sha256Hex(`of ${key}`), note: '' }
  return { source: key, told, pointer: told }
}

const CONTROLS = Array.from({ length: 31 }, (_, index) => String.fromCharCode(index + 1)).join('')

const PLAIN: readonly string[] = [
  // Spaces, and what means something in URLs, shells, globs and other systems' paths.
  'in side.txt',
  ' leading',
  'trailing ',
  'two  spaces',
  ' ',
  'a+b',
  '100%',
  'a%2Fb',
  'a%zz',
  'a#b',
  'a?b',
  'a&b=c;d,e',
  `it's`,
  '"quoted"',
  '`backtick`',
  'back\\slash',
  'C:\\windows',
  '<>|*:',
  '$(reboot)',
  '${HOME}',
  '{a,b}[c]!(d)',
  '**',
  '-dash',
  '--help',
  '-',
  // Words and numbers of programming languages.
  '0123',
  '00',
  '1e3',
  '0x1F',
  '1.0',
  'true',
  'null',
  'undefined',
  'NaN',
  '__proto__',
  'constructor/prototype',
  // Attacks on pages, logs, queries and templates.
  '<script>alert(1)<',
  '"><img src=x onerror=alert(1)>',
  "'; DROP TABLE runs; --",
  '{{7*7}}',
  '{sluice}:in',
  // Control characters and other scripts.
  'line\nbreak',
  'carriage\r\nreturn',
  'tab\there',
  `controls ${CONTROLS}`,
  'delete\u007F and next line\u0085',
  'line separator\u2028, byte order mark\uFEFF',
  'emoji 🎬👩‍👩‍👧',
  'שלום עולם.mp4',
  'turned \u202E4pm.exe',
  'İstanbul ıß',
  '日本語/ファイル',
  // Dots, tildes, at signs, and names that the runtime and MinIO use themselves.
  '.hidden/.too',
  '...',
  'trailing dot.',
  'not~reserved',
  '@',
  '@name/@other',
  'at end@',
  `below/@${'a'.repeat(64)}`,
  `@${'a'.repeat(63)}`,
  'manifest.json',
  'x/xl.meta',
  '.minio.sys/x',
  // Lengths, in bytes.
  `${'s'.repeat(255)}/${'é'.repeat(127)}`,
  long(850, 'k'),
]

const HASHED: readonly string[] = [
  long(851, 'l'),
  long(1_000, 'm'),
  long(1_024, 'n'),
  `${'é'.repeat(127)}/${'🎬'.repeat(63)}/${'é'.repeat(127)}/${'é'.repeat(50)}`,
  // MinIO's listings would not show what lies below another's manifest, verdict or pointer.
  'x/any/manifest.json',
  'x/any.verdict.json',
  'x/chunk.verdict.json/y',
  'x.txt/any/manifest.json/y',
  'x.txt/any/told.json/y',
  // A folder's name with something in it is an object like any other.
  'full folder/',
]

const RESERVED: readonly string[] = [
  '~',
  '~first/x',
  'x/~inner/y',
  'x/~last',
  `@${'a'.repeat(64)}`,
  `@${'b'.repeat(64)}/x`,
]

const REFUSED: readonly { name: string; key: string; code: string }[] = [
  { name: 'NUL', key: 'nul\0', code: 'XMinioInvalidObjectName' },
  { name: 'an empty segment', key: 'a//b', code: 'XMinioInvalidObjectName' },
  { name: '"."', key: 'a/./b', code: 'XMinioInvalidResourceName' },
  { name: '".."', key: 'a/../b', code: 'XMinioInvalidResourceName' },
  { name: 'a segment of 256 bytes', key: 's'.repeat(256), code: 'XMinioInvalidObjectName' },
  { name: '1,025 bytes', key: long(1_025, 'o'), code: 'KeyTooLongError' },
]

/** MinIO's listings do not show what lies below an object, nor a result what lies below another result's file. */
const NESTED: readonly string[] = [
  'down',
  'down/below',
  'down/below/deeper',
  'up/below/deeper',
  'up/below',
  'up',
  'result',
  'result/any',
  'result/any/manifest.json',
  'result/any/told.json',
  'result/any/told.json/any/manifest.json',
]

const isBelowManifest = (key: string) => key.includes('/any/manifest.json') || key.endsWith('/manifest.json')

beforeAll(async () => {
  await Promise.all([...PLAIN, ...HASHED, ...RESERVED].map(put))
})

describe('a name that is unusual', () => {
  it.each(PLAIN)('%j has its results under itself', async (key) => {
    expect(await resultsAt(key, key)).toEqual(resultsOf(key))
  })

  it.each(HASHED)('%j has them under its sha256', async (key) => {
    expect(await resultsAt(hashed(key), key)).toEqual(resultsOf(key))
  })

  it('is another one in another form of Unicode', async () => {
    const [composed, decomposed] = ['caf\u00e9', 'cafe\u0301']
    await put(composed)
    await put(decomposed)
    expect(await resultsAt(composed, composed)).toEqual(resultsOf(composed))
    expect(await resultsAt(decomposed, decomposed)).toEqual(resultsOf(decomposed))
  })
})

describe('a slash at the start', () => {
  it('is dropped by MinIO, and the name without it has the results', async () => {
    const key = 'leading slash'
    const body = { bytes: Buffer.from(`of ${key}`) }
    await used.uploader.put('incoming', `/${key}`, body, { contentType: 'text/plain' })
    expect(await resultsAt(key, key)).toEqual(resultsOf(key))
  })
})

describe('names one below the other', () => {
  it('each have their own results', async () => {
    // One after the other, since what lies below comes after, or before.
    for (const key of NESTED) {
      await put(key)
      expect(await resultsAt(isBelowManifest(key) ? hashed(key) : key, key)).toEqual(resultsOf(key))
    }
  })
})

describe('a name that is the runtime’s', () => {
  it.each(RESERVED)('%j is refused at once, with a verdict under its sha256', async (key) => {
    expect(await used.runs.reached(key, 'dead')).toMatchObject({ attempts: 1, reason: 'permanent' })
    const found = await waitFor(() => used.uploader.readText('metadata', `${hashed(key)}/any.verdict.json`), {
      timeoutMs: 10_000,
      what: 'the verdict',
    })
    const verdict = JSON.parse(found.text) as { state: string; reason: string; source: { key: string } }
    expect(verdict).toMatchObject({ state: 'dead', attempts: 1, source: { key } })
    expect(verdict.reason).toMatch(/key starts with "[~@]".*upload it under another name/)
    expect(await used.uploader.readText('processed', `${hashed(key)}/any/manifest.json`)).toBeUndefined()
    expect(await used.runs.of(key)).toHaveLength(1)
  })
})

describe('a name that MinIO does not take', () => {
  it.each(REFUSED)('for $name is refused to the uploader, and nothing runs', async ({ key, code }) => {
    await expect(put(key)).rejects.toMatchObject({ code })
    expect(await used.runs.of(key)).toEqual([])
  })
})

describe('afterwards', () => {
  it('each name was done exactly once, though every event came twice', async () => {
    expect(await used.notDoneOnce([...PLAIN, ...HASHED, ...RESERVED, ...NESTED])).toEqual([])
  })

  it('no name is in the metrics, and none has broken a line of the log', async () => {
    const metrics = await (await fetch(`${used.stack.apiUrl}/metrics`)).text()
    expect(metrics).toContain('sluice_admissions_total{function="any",outcome="new"}')
    for (const part of ['alert(1)', 'DROP TABLE', '__proto__', '🎬']) expect(metrics).not.toContain(part)
    const lines = (await readFile(used.stack.runtime.logPath, 'utf8')).trim().split('\n')
    expect(lines.filter((line) => !/^\d\d:\d\d:\d\d\.\d{3} \w/.test(line))).toEqual([])
  })
})
