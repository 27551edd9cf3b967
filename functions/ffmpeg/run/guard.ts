/** Callbacks of a tool's streams, up to the first that throws. @module */

/** Runs what it is given until something throws: `onFailure` gets that error, and nothing runs any more. */
export function createGuard(onFailure: (error: unknown) => void): (act: () => void) => void {
  let hasFailed = false
  return (act) => {
    if (hasFailed) return
    try {
      act()
    } catch (error) {
      hasFailed = true
      onFailure(error)
    }
  }
}
