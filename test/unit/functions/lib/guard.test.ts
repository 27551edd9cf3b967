import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS, guardedCommand } from '../../../../functions/lib/guard.ts'

describe('guardedCommand', () => {
  it('names the program and its arguments only behind the script, never in it', () => {
    const [shell, option, script, path] = guardedCommand('/opt/a $(b)/ffmpeg', DEFAULT_LIMITS, undefined)
    expect([shell, option, path]).toEqual(['/bin/sh', '-c', '/opt/a $(b)/ffmpeg'])
    expect(script).not.toContain('ffmpeg')
    expect(script).toMatch(/exec nice -n 10 "\$0" "\$@"$/)
  })
  it('counts limits as the shell does: KiB, seconds, blocks of 512 bytes', () => {
    const limits = { memoryBytes: 2 ** 30, cpuSeconds: 60, fileBytes: 1_025, openFiles: 64 }
    const script = guardedCommand('/ffmpeg', limits, undefined)[2]
    for (const limit of ['-v 1048576 ', '-t 60 ', '-f 3 ', '-n 64 ', '-c 0 ']) expect(script).toContain(limit)
  })
  it('lets it die with its parent where the system can', () => {
    const command = guardedCommand('/ffmpeg', DEFAULT_LIMITS, 4711)
    expect(command.slice(0, 3)).toEqual(['setpriv', '--pdeathsig', 'KILL'])
    expect(command.at(-2)).toMatch(/^\[ "\$PPID" -eq 4711 \] \|\| exit/)
  })
})
