import { describe, expect, it } from 'vitest'
import { createSpool } from '../../../../runtime/reception/spool/spool.ts'

const NEVER = new AbortController().signal
const spoolOf = (free = { part: 1 }) =>
  createSpool({
    dir: '/',
    limitBytes: 1_000,
    disk: () => Promise.resolve({ freeBytes: free.part, sizeBytes: 1 }),
  })

describe('the spool', () => {
  it('gives a stream a quarter, and all of them together the whole', () => {
    const spool = spoolOf()
    spool.count('a', 250)
    expect(spool.shortage('a')).toBeUndefined()
    spool.count('a', 1)
    expect([spool.shortage('a'), spool.shortage('b')]).toEqual(['spool-full', undefined])
    for (const other of 'bcd') spool.count(other, 250)
    expect([spool.usedBytes, spool.shortage('b')]).toEqual([1_001, 'spool-full'])
    spool.count('a', -251)
    expect([spool.usedBytes, spool.shortage('b'), spool.usedBy('a')]).toEqual([750, undefined, 0])
  })

  it('counts nothing twice when a piece is acknowledged after the account of its session was closed', () => {
    const spool = spoolOf()
    spool.count('a', 100)
    spool.count('b', 300)
    spool.count('a', -spool.usedBy('a'))
    spool.count('a', -100)
    expect([spool.usedBytes, spool.usedBy('a'), spool.usedBy('b')]).toEqual([300, 0, 300])
  })

  it('is full for all when the disk has less than 5 % left', async () => {
    const free = { part: 0.04 }
    const spool = spoolOf(free)
    await spool.lookAtDisk()
    expect(spool.shortage('a')).toBe('disk-full')
    const room = spool.room('a', NEVER)
    free.part = 0.06
    await spool.lookAtDisk()
    await room
    expect(spool.shortage('a')).toBeUndefined()
  })

  it('is not full any more when as much was freed as the disk lacked', async () => {
    const disk = { freeBytes: 800, sizeBytes: 20_000 }
    const spool = createSpool({ dir: '/', limitBytes: 1e9, disk: () => Promise.resolve(disk) })
    spool.count('a', 1_000)
    await spool.lookAtDisk()
    spool.count('a', -150)
    expect(spool.shortage('a')).toBe('disk-full')
    const room = spool.room('b', NEVER)
    spool.count('a', -150)
    await room
    expect(spool.shortage('a')).toBeUndefined()
  })

  it('looks at the disk as soon as what was received may fill it', async () => {
    const disk = { freeBytes: 10_000, sizeBytes: 20_000 }
    let looks = 0
    const spool = createSpool({
      dir: '/',
      limitBytes: 1e9,
      disk: () => Promise.resolve({ ...disk, looks: ++looks }),
    })
    await spool.lookAtDisk()
    await spool.expect(4_000)
    expect(looks).toBe(1)
    disk.freeBytes = 900
    await spool.expect(600)
    expect([looks, spool.shortage('a')]).toEqual([2, 'disk-full'])
    await spool.expect(600)
    expect(looks).toBe(2)
  })

  it('holds a sender until there is room, and lets it go when its connection is cut', async () => {
    const spool = spoolOf()
    const cut = new AbortController()
    const passed: string[] = []
    spool.count('a', 300)
    spool.count('b', 300)
    const rooms = [
      spool.room('a', NEVER).then(() => passed.push('a')),
      spool.room('b', cut.signal).then(() => passed.push('b')),
    ]
    await spool.room('c', NEVER)
    expect(passed).toEqual([])
    spool.count('a', -100)
    await rooms[0]
    expect(passed).toEqual(['a'])
    cut.abort()
    await rooms[1]
    expect(passed).toEqual(['a', 'b'])
  })
})
