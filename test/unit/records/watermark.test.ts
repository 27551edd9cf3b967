import { expect, it } from 'vitest'
import { createWatermarks } from '../../../runtime/records/watermark.ts'
import type { ListedObject } from '../../../runtime/storage/storage.ts'
import { only, storeWith } from '../api/objects/facts.ts'

it('asks the store once for a watermark that is there, and each time for one that is not, or is old', async () => {
  const there = new Set<string>()
  let asked = 0
  const storage = storeWith({
    async *list(_bucket, { prefix = '' } = {}) {
      asked++
      if (there.has(prefix)) yield only<ListedObject>({ key: prefix, lastModifiedMs: 7 })
    },
  })
  const watermarkOf = createWatermarks(storage)
  expect([await watermarkOf('cut'), await watermarkOf('cut'), asked]).toEqual([undefined, undefined, 2])
  there.add('~sluice/cut.json')
  expect([await watermarkOf('cut'), await watermarkOf('cut'), asked]).toEqual([7, 7, 3])
  expect([await watermarkOf('glue'), asked]).toEqual([undefined, 4])
  const forgetful = createWatermarks(storage, 0)
  expect([await forgetful('cut'), await forgetful('cut'), asked]).toEqual([7, 7, 6])
})
