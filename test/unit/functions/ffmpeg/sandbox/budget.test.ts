import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createBudget, type Budget, type Needs } from '../../../../../functions/ffmpeg/sandbox/budget.ts'
import { budgetOf, needsOf } from '../../../../../functions/ffmpeg/sandbox/media-budget.ts'

const never = new AbortController().signal

/** Who has entered, in that order. */
let entered: string[]
const leaving = new Map<string, () => void>()

async function enter(budget: Budget, name: string, needs: Needs, signal = never, onWaiting?: () => void) {
  const leave = await budget.enter(needs, { signal, onWaiting })
  entered.push(name)
  leaving.set(name, leave)
}
/** Lets everybody go on who can. */
const settled = () => vi.advanceTimersByTimeAsync(0)
const leave = async (name: string) => {
  leaving.get(name)?.()
  await settled()
}
const copy = (memoryBytes: number): Needs => ({ line: 'copy', memoryBytes })
const decode = (memoryBytes: number): Needs => ({ line: 'decode', memoryBytes })
const encode = (memoryBytes: number): Needs => ({ line: 'encode', memoryBytes })

beforeEach(() => {
  vi.useFakeTimers()
  entered = []
  leaving.clear()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the gate', () => {
  it('admits a run that fits, and the next one when a run has ended', async () => {
    const budget = createBudget({ memoryBytes: 480, encodes: 9, decodes: 9 })
    for (const name of ['a', 'b', 'c']) void enter(budget, name, encode(150))
    await settled()
    expect(entered).toEqual(['a', 'b'])
    await leave('a')
    expect(entered).toEqual(['a', 'b', 'c'])
  })

  it('admits only a fixed number of encoders, however little they need', async () => {
    const budget = createBudget({ memoryBytes: 4_000, encodes: 1, decodes: 1 })
    for (const name of ['a', 'b']) void enter(budget, name, encode(1))
    await settled()
    expect(entered).toEqual(['a'])
    await leave('a')
    expect(entered).toEqual(['a', 'b'])
  })

  it('admits copies beside an encoder that has all the memory, and beside waiting encoders', async () => {
    const budget = createBudget({ memoryBytes: 480, encodes: 1, decodes: 1 })
    void enter(budget, '8K', encode(5_000))
    void enter(budget, 'next', encode(10))
    for (const name of ['a', 'b']) void enter(budget, name, copy(50))
    await settled()
    expect(entered).toEqual(['8K', 'a', 'b'])
  })

  it('keeps the order: a run that would fit waits behind a larger one that came first', async () => {
    const budget = createBudget({ memoryBytes: 480, encodes: 9, decodes: 9 })
    void enter(budget, 'first', encode(200))
    void enter(budget, 'large', encode(250))
    void enter(budget, 'small', encode(10))
    await settled()
    expect(entered).toEqual(['first'])
    await leave('first')
    expect(entered).toEqual(['first', 'large', 'small'])
  })

  it('admits a run that needs more than there is by itself', async () => {
    const budget = createBudget({ memoryBytes: 480, encodes: 9, decodes: 9 })
    for (const name of ['small', 'huge', 'after'])
      void enter(budget, name, encode(name === 'huge' ? 9_000 : 1))
    await settled()
    expect(entered).toEqual(['small'])
    await leave('small')
    expect(entered).toEqual(['small', 'huge'])
    await leave('huge')
    expect(entered).toEqual(['small', 'huge', 'after'])
  })

  it('gives a place back once, however often it is asked to', async () => {
    const budget = createBudget({ memoryBytes: 480, encodes: 1, decodes: 1 })
    for (const name of ['a', 'b', 'c']) void enter(budget, name, encode(1))
    await settled()
    await leave('a')
    await leave('a')
    expect(entered).toEqual(['a', 'b'])
  })

  it('removes an aborted run from the queue, and those behind move up', async () => {
    const budget = createBudget({ memoryBytes: 480, encodes: 9, decodes: 9 })
    const lost = new AbortController()
    void enter(budget, 'first', encode(200))
    const large = enter(budget, 'large', encode(250), lost.signal)
    void enter(budget, 'small', encode(10))
    const refused = large.catch((error: Error) => error.message)
    lost.abort(new Error('the lease is lost'))
    expect(await refused).toBe('the lease is lost')
    await settled()
    expect(entered).toEqual(['first', 'small'])
    await leave('first')
    await leave('small')
    void enter(budget, 'whole', encode(300))
    await settled()
    expect(entered).toEqual(['first', 'small', 'whole'])
  })

  it('admits no run whose signal is already aborted', async () => {
    const budget = createBudget({ memoryBytes: 480, encodes: 1, decodes: 1 })
    const gone = AbortSignal.abort(new Error('gone'))
    await expect(budget.enter(encode(1), { signal: gone })).rejects.toThrow('gone')
    void enter(budget, 'a', encode(1))
    await settled()
    expect(entered).toEqual(['a'])
  })

  it('gives a sign of life for each waiting run, at once and repeatedly, and for no other', async () => {
    const budget = createBudget({ memoryBytes: 480, encodes: 1, decodes: 1, wordEveryMs: 1_000 })
    const [ofFirst, ofSecond] = [vi.fn<() => void>(), vi.fn<() => void>()]
    void enter(budget, 'first', encode(1), never, ofFirst)
    void enter(budget, 'second', encode(1), never, ofSecond)
    await vi.advanceTimersByTimeAsync(2_500)
    expect([ofFirst.mock.calls.length, ofSecond.mock.calls.length]).toEqual([0, 3])
    await leave('first')
    await vi.advanceTimersByTimeAsync(5_000)
    expect(ofSecond).toHaveBeenCalledTimes(3)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('decoders', () => {
  it('are admitted while encoders have all their places and memory, and only a fixed number of them', async () => {
    const budget = createBudget({ memoryBytes: 800, encodes: 1, decodes: 2 })
    void enter(budget, 'film', encode(9_000))
    void enter(budget, 'next film', encode(1))
    for (const name of ['a', 'b', 'c']) void enter(budget, name, decode(10))
    await settled()
    expect(entered).toEqual(['film', 'a', 'b'])
    await leave('a')
    expect(entered).toEqual(['film', 'a', 'b', 'c'])
  })

  it('share an eighth of the memory', async () => {
    const budget = createBudget({ memoryBytes: 800, encodes: 1, decodes: 9 })
    for (const name of ['a', 'b', 'c']) void enter(budget, name, decode(50))
    await settled()
    expect(entered).toEqual(['a', 'b'])
  })
})

describe('what a run needs', () => {
  const words = (filter: string) => ['-i', 'file:source', '-c:v', 'libx264', '-vf', filter, 'out.mp4']

  it('to encode grows with the picture, as measured on two cores', () => {
    const mib = (filter: string) =>
      Math.round(needsOf('encode', words(filter), { cores: 2 }).memoryBytes / 1024 ** 2)
    expect([mib('scale=640:360'), mib('scale=3840:2160'), mib('scale=7680:4320')]).toEqual([54, 823, 3_196])
    expect(mib('fps=25,scale=640:360')).toBe(54)
  })

  it('to encode grows with every picture of a filter graph', () => {
    const graph = '[0:0]split=2[a][b];[a]scale=1280:720:flags=bicubic[v0];[b]scale=640:360,setsar=1[v1]'
    const needs = needsOf('encode', ['-filter_complex', graph, '-c:v', 'libx264'], { cores: 2 })
    expect(Math.round(needs.memoryBytes / 1024 ** 2)).toBe(32 + 88 + 22)
  })

  it('to encode counts the decoder of pictures that are larger than the encoded ones', () => {
    const mib = (sourcePixels: number) =>
      Math.round(
        needsOf('encode', words('scale=854:480'), { cores: 2, sourcePixels }).memoryBytes / 1024 ** 2,
      )
    expect(mib(0)).toBe(71)
    expect(mib(854 * 480)).toBe(71)
    expect(mib(7_680 * 4_320)).toBe(634)
  })

  it('to encode is little for a graph of sound, and that of a usual picture for one without a size', () => {
    const of = (...more: readonly string[]) =>
      needsOf('encode', ['-filter_complex', '[0:1]asplit[a][b]', ...more], { cores: 2 })
    expect(of().memoryBytes).toBe(32 * 1024 ** 2)
    expect(of('-c:v', 'libx264')).toEqual(needsOf('encode', words('scale=1920:1080'), { cores: 2 }))
  })

  it('to decode grows with the picture of the source, its inputs and its threads', () => {
    const mib = (sourcePixels: number, text: string) =>
      Math.round(needsOf('decode', text.split(' '), { sourcePixels, cores: 2 }).memoryBytes / 1024 ** 2)
    expect(needsOf('decode', []).line).toBe('decode')
    expect(mib(0, '-i a')).toBe(64)
    expect(mib(7_680 * 4_320, '-threads 1 -i a')).toBe(507)
    expect(mib(7_680 * 4_320, '-i a')).toBe(634)
    expect(mib(1_920 * 1_080, '-threads 1 -i a -threads 1 -i a')).toBe(119)
  })

  it('is that of a usual picture if no size is given, and little for sound and for copies', () => {
    expect(needsOf('encode', words('null'), { cores: 2 })).toEqual(
      needsOf('encode', words('scale=1920:1080'), { cores: 2 }),
    )
    expect(needsOf('encode', ['-c:a', 'aac'], { cores: 2 })).toEqual({
      line: 'encode',
      memoryBytes: 32 * 1024 ** 2,
    })
    expect(needsOf('copy', ['-c', 'copy'], { cores: 2 })).toEqual({
      line: 'copy',
      memoryBytes: 96 * 1024 ** 2,
    })
  })
})

describe("a worker's part of the machine", () => {
  const GIB = 1024 ** 3
  const machine = { cores: 8, memoryBytes: 16 * GIB }

  it.each([
    [{}, { memoryBytes: 2 * GIB, encodes: 1, decodes: 1 }],
    [{ SLUICE_WORKERS: '1' }, { memoryBytes: 8 * GIB, encodes: 4, decodes: 4 }],
    [
      { SLUICE_WORKERS: '3', SLUICE_MEDIA_MEMORY: '3GiB' },
      { memoryBytes: GIB, encodes: 1, decodes: 1 },
    ],
    [{ SLUICE_WORKERS: '16' }, { memoryBytes: GIB / 2, encodes: 1, decodes: 1 }],
    [
      { SLUICE_WORKERS: '1', SLUICE_ROLES: 'worker, streams' },
      { memoryBytes: 7 * GIB, encodes: 4, decodes: 4 },
    ],
    [
      { SLUICE_WORKERS: '1', SLUICE_ROLES: 'streams,worker', SLUICE_STREAMS_MAX: '1000' },
      { memoryBytes: 4 * GIB, encodes: 4, decodes: 4 },
    ],
  ])('with %j', (env, budget) => {
    expect(budgetOf(env, machine)).toEqual(budget)
  })
})
