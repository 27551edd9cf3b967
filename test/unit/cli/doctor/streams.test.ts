import { describe, expect, it } from 'vitest'
import { judgeSpool } from '../../../../runtime/cli/doctor/streams.ts'

const GIB = 1024 ** 3
const facts = { spoolDir: '/spool', spoolLimitBytes: 2 * GIB, freeBytes: 90 * GIB, diskBytes: 100 * GIB }

describe('the spool', () => {
  it('is judged by how long one stream is received while MinIO is away', () => {
    const { status, found } = judgeSpool(facts)
    expect(status).toBe('ok')
    // A quarter of 2 GiB at 5 Mbit/s: 858 s.
    expect(found).toMatch(/14m/)
  })

  it('is too small when a short outage loses media', () => {
    expect(judgeSpool({ ...facts, spoolLimitBytes: 200 * 1024 ** 2 })).toMatchObject({
      status: 'warn',
      repair: [expect.stringContaining('SLUICE_STREAMS_SPOOL_LIMIT')],
    })
  })

  it('counts only what its disk can hold, of which a twentieth stays free', () => {
    expect(judgeSpool({ ...facts, freeBytes: 6.9 * GIB })).toMatchObject({ status: 'warn' })
    expect(judgeSpool({ ...facts, freeBytes: 7.1 * GIB }).status).toBe('ok')
    expect(judgeSpool({ ...facts, freeBytes: 5 * GIB })).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('holds nothing'),
    })
  })
})
