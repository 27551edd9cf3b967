/** The words for a run of which Redis has something that cannot be read. Pure. @module */

/** @param reason - such as `its payload is gone` */
export function unreadableInWords(runId: string, reason: string): string {
  return `${unreadableTold(runId, reason)} (sluice sweep does so now)`
}

/** The same without the command. */
export function unreadableTold(runId: string, reason: string): string {
  return `run ${runId} cannot be read in Redis: ${reason}. The next full sweep sets it aside and runs its object again`
}
