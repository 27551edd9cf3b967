/** The process groups that run: one that ends in an orderly way leaves none behind, even where nothing else ends them with it. @module */
import type { ChildProcess } from 'node:child_process'

const groups = new Set<number>()
process.on('exit', () => {
  for (const pid of groups) signalGroup(pid, 'SIGKILL')
})

/** For a child that was started `detached`: the returned function signals its whole group, and after its exit does nothing. */
export function trackGroup(child: ChildProcess): (signal: NodeJS.Signals) => void {
  const { pid } = child
  if (pid === undefined) return () => {}
  groups.add(pid)
  child.once('exit', () => groups.delete(pid))
  return (signal) => {
    // After its exit the id may belong to another process.
    if (groups.has(pid)) signalGroup(pid, signal)
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // It ended in the meantime.
  }
}
