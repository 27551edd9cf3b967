import { describe, expect, it } from 'vitest'
import { fencesFor } from '../../../../../functions/ffmpeg/sandbox/sandbox.ts'
import { DEFAULT_LIMITS, guardedCommand } from '../../../../../functions/ffmpeg/sandbox/ulimits.ts'

const user = { uid: 65_533, gid: 65_533 }
const OWN = 'as a user of its own (65533)'

const fences = fencesFor({ isRoot: true, isOffline: true, user })
const within = (title: string) => {
  const fence = fences.find((one) => one.title === title)
  if (!fence) throw new Error(`there is no fence "${title}"`)
  return { fence, parentPid: 4711, maxProcesses: 99 }
}
const none = within('with the rights of the worker, which it may outlive')

describe('guardedCommand', () => {
  it('names the program and its arguments only behind the script, never in it', () => {
    const [shell, option, script, path] = guardedCommand('/opt/a $(b)/ffmpeg', DEFAULT_LIMITS, none)
    expect([shell, option, path]).toEqual(['/bin/sh', '-c', '/opt/a $(b)/ffmpeg'])
    expect(script).not.toContain('ffmpeg')
    expect(script).toMatch(/exec nice -n 10 "\$0" "\$@"$/)
  })
  it('counts limits as the shell does: KiB, seconds, blocks of 512 bytes', () => {
    const limits = { memoryBytes: 2 ** 30, cpuSeconds: 60, fileBytes: 1_025, openFiles: 64 }
    const script = guardedCommand('/ffmpeg', limits, none)[2]
    for (const limit of ['-v 1048576 ', '-t 60 ', '-f 3 ', '-n 64 ', '-c 0 ']) expect(script).toContain(limit)
  })
  it('limits neither the priority nor the processor time of a take, which may last for months', () => {
    const limits = { ...DEFAULT_LIMITS, cpuSeconds: Infinity }
    const script = guardedCommand('/ffmpeg', limits, { ...none, niceness: 0 })[2]
    expect(script).toContain('ulimit -t unlimited ')
    expect(script).toMatch(/; exec "\$0" "\$@"$/)
  })
  it('lets it die with its parent where the system can', () => {
    const command = guardedCommand('/ffmpeg', DEFAULT_LIMITS, within('with the rights of the worker'))
    expect(command.slice(0, 3)).toEqual(['setpriv', '--pdeathsig', 'KILL'])
    expect(command.at(-2)).toMatch(/^\[ "\$PPID" -eq 4711 \] \|\| exit/)
  })
  it('makes files that nobody else can read, and limits the processes of its own user only', () => {
    const asItself = guardedCommand('/ffmpeg', DEFAULT_LIMITS, within(OWN)).join(' ')
    expect(asItself).toContain('umask 077; ')
    expect(asItself).toContain('ulimit -p 99 ')
    expect(guardedCommand('/ffmpeg', DEFAULT_LIMITS, none)[2]).not.toContain('ulimit -p')
  })
})

describe('fencesFor', () => {
  it('starts with the strongest: a separate user, no capabilities, no network', () => {
    expect(fences[0]).toMatchObject({ title: `${OWN}, without a network`, user })
    expect(fences[0]?.outer.join(' ')).toBe('unshare --net -- setpriv --pdeathsig KILL --no-new-privs --')
    expect(fences[0]?.inner.join(' ')).toMatch(/--clear-groups .*--bounding-set=-all .*--no-new-privs --$/)
  })
  it('leaves the network to runs that read through the proxy, and the user unchanged if it is not root', () => {
    const words = (of: { isRoot: boolean; isOffline: boolean }) =>
      fencesFor({ ...of, user }).flatMap((one) => [...one.outer, ...one.inner])
    expect(words({ isRoot: true, isOffline: false })).not.toContain('unshare')
    expect(words({ isRoot: false, isOffline: true }).join(' ')).not.toMatch(/unshare|reuid|caps/)
  })
  it('keeps root without capabilities if no id is free, because the id of another user would be worse', () => {
    const some = fencesFor({ isRoot: true, isOffline: true, user: undefined })
    expect(some[0]?.title).toBe('as root without capabilities, without a network')
    expect(some.flatMap((one) => [...one.outer, ...one.inner]).join(' ')).not.toMatch(/reuid|regid|undefined/)
  })
})
