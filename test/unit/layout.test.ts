/** The rule of the house: a file stands above all that it uses. Read from the imports, so that nobody has to remember it. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'

/** From top to bottom; rooms of one line do not know each other. A folder's name stands for all files below it. */
const ORDER: readonly (readonly string[])[] = [
  ['infra'],
  ['functions'],
  ['functions/chunk', 'functions/hls', 'functions/pictures', 'functions/reception', 'functions/sound'],
  ['functions/media'],
  ['functions/ffmpeg'],
  ['runtime/sluice.mjs'],
  ['runtime/main.ts'],
  ['runtime/cli'],
  ['runtime/process'],
  ['runtime/console'],
  ['runtime/api'],
  ['runtime/testing.ts'],
  ['runtime/desk'],
  ['runtime/worker', 'runtime/upkeep'],
  ['runtime/setup'],
  ['runtime/reception/doors'],
  ['runtime/intake', 'runtime/reception'],
  ['runtime/records'],
  ['runtime/queue'],
  ['runtime/index.ts'],
  ['runtime/function'],
  ['runtime/output'],
  ['runtime/storage'],
  ['runtime/settings'],
  ['runtime/telemetry'],
  ['runtime'],
]

/** The only places that may import these packages. */
const OWNERS: readonly { readonly of: string; readonly owners: readonly string[]; readonly why: string }[] = [
  {
    of: 'ioredis',
    owners: ['runtime/queue'],
    why: 'Only runtime/queue speaks Redis: take the client and its type from queue/redis.ts, and put the command there.',
  },
  {
    of: 'minio',
    owners: ['runtime/setup/minio'],
    why: 'Only runtime/storage speaks S3, with a signer of its own: call a method of Storage, or add one there.',
  },
  {
    of: 'hono',
    owners: ['runtime/api', 'runtime/console', 'runtime/function', 'runtime/worker/attempt'],
    why: 'Only runtime/api and runtime/console serve HTTP; elsewhere Hono is what a function is made of (runtime/function) and called with (worker/attempt).',
  },
  {
    of: '@hono/',
    owners: ['runtime/api'],
    why: 'Only runtime/api serves HTTP.',
  },
]

const client = new Redis({ lazyConnect: true })
const COMMANDS = client.getBuiltinCommands().filter((name) => name !== 'quit')
client.disconnect()

interface Import {
  readonly from: string
  /** A file of the repository, or the name of a package. */
  readonly to: string
}

const FILES = execFileSync(
  'git',
  ['ls-files', '-co', '--exclude-standard', 'runtime', 'functions', 'infra'],
  {
    encoding: 'utf8',
  },
)
  .split('\n')
  .filter((file) => /\.(tsx?|mjs)$/.test(file))
const TEXTS = new Map(FILES.flatMap((file) => textOf(file)))
const IMPORTS = [...TEXTS].flatMap(([file, text]) => importsOf(file, text))

/** A file that was removed and not yet committed is listed all the same. */
function textOf(file: string): readonly (readonly [string, string])[] {
  try {
    return [[file, readFileSync(file, 'utf8')]]
  } catch {
    return []
  }
}

function importsOf(file: string, text: string): Import[] {
  const found = text.matchAll(/(?:\bfrom|\bimport\(|^import)\s*'([^']+)'/gm)
  const names = new Set([...found].map(([, to = '']) => (to.startsWith('.') ? join(dirname(file), to) : to)))
  return [...names].map((to) => ({ from: file, to }))
}

function isIn(file: string, place: string): boolean {
  return file === place || file.startsWith(`${place}/`)
}

/** The longest place of the order that the file is in. */
function placeOf(file: string): { readonly rank: number; readonly place: string } {
  const places = ORDER.flatMap((row, rank) => row.map((place) => ({ rank, place })))
  const found = places.filter(({ place }) => isIn(file, place))
  const [longest] = found.toSorted((a, b) => b.place.length - a.place.length)
  const isLoose = longest?.place === 'runtime' || longest?.place === 'functions'
  if (!longest || (isLoose && dirname(file) !== longest.place))
    throw new Error(`${file} is in no room of the layout: add the room to ORDER`)
  return longest
}

const arrow = ({ from, to }: Import) => `${from} -> ${to}`

/** The files that reach each other, each group in the order of its names. */
function circles(): string[] {
  const inside = IMPORTS.filter(({ to }) => TEXTS.has(to))
  const next = new Map<string, Import[]>()
  for (const each of inside) next.set(each.from, [...(next.get(each.from) ?? []), each])
  const reached = (start: string): ReadonlySet<string> => {
    const seen = new Set<string>()
    const waiting = [start]
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop())
      for (const { to } of next.get(file) ?? [])
        if (!seen.has(to)) {
          seen.add(to)
          waiting.push(to)
        }
    return seen
  }
  const reaches = new Map([...next.keys()].map((file) => [file, reached(file)]))
  const inCircles = [...reaches.keys()].filter((file) => reaches.get(file)?.has(file))
  const groups = inCircles.map((file) =>
    inCircles.filter((each) => reaches.get(file)?.has(each) && reaches.get(each)?.has(file)),
  )
  return [...new Set(groups.map((group) => group.toSorted().join(' <-> ')))]
}

describe('the layout', () => {
  it('has imports that point downwards only', () => {
    const upwards = IMPORTS.filter(({ from, to }) => {
      if (!TEXTS.has(to)) return false
      const [above, below] = [placeOf(from), placeOf(to)]
      return above.place !== below.place && above.rank >= below.rank
    })
    expect(
      upwards.map(arrow),
      'A file imports only from rooms below its own (ORDER in this test). What two rooms need goes down, to the room that owns the word.',
    ).toEqual([])
  })

  it('has no circle of files', () => {
    expect(
      circles(),
      'These files import each other in a circle, types included: move what both need into a file below both.',
    ).toEqual([])
  })

  it('lets functions know the runtime by its entrance only', () => {
    const past = IMPORTS.filter(
      ({ from, to }) => isIn(from, 'functions') && isIn(to, 'runtime') && to !== 'runtime/index.ts',
    )
    expect(
      past.map(arrow),
      'Functions import from runtime/index.ts only, as their authors do: export what is missing there, or do without.',
    ).toEqual([])
  })

  it.each(OWNERS)('lets only its owners import $of', ({ of, owners, why }) => {
    const isOf = (name: string) => name === of || name.startsWith(of.endsWith('/') ? of : `${of}/`)
    const others = IMPORTS.filter(
      ({ from, to }) => !TEXTS.has(to) && isOf(to) && !owners.some((owner) => isIn(from, owner)),
    )
    expect({ why, imports: others.map(arrow) }).toEqual({ why, imports: [] })
  })

  it('has Redis commands in the queue only', () => {
    const call = new RegExp(String.raw`\b(?:redis|blocking|probe)\.(?:${COMMANDS.join('|')})(?:Buffer)?\(`)
    const speaking = [...TEXTS].filter(([file, text]) => !isIn(file, 'runtime/queue') && call.test(text))
    expect(
      speaking.map(([file]) => file),
      'Only runtime/queue speaks Redis: give the command a name there and call that.',
    ).toEqual([])
  })

  it('spells the folder of its own objects in one place', () => {
    const spelling = [...TEXTS].filter(([, text]) => /['"`]~sluice\//.test(text)).map(([file]) => file)
    expect(spelling, 'Take the key from runtime/output/layout.ts, the one place that spells keys.').toEqual([
      'runtime/output/layout.ts',
    ])
  })

  it('has no file of more than 250 lines', () => {
    const long = [...TEXTS].filter(([, text]) => text.split('\n').length > 251).map(([file]) => file)
    expect(long, 'Split it by subject: a file is about 100 lines, and none has more than 250.').toEqual([])
  })
})
