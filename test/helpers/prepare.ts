/**
 * Installs the programs that tests use, before the tests begin: afterwards files that run side by side would wait for each
 * other's installation, within their own time.
 * @module
 */
import type { Say } from '../../infra/local/terminal.ts'
import { messageOf } from '../../runtime/errors.ts'
import { CADDY, composeLoader, pythonTool, systemTool } from './checkers.ts'
import { installMonitoring } from './monitoring-programs.ts'
import { CLIENT_NAMES, ensureClient } from './s3-clients.ts'
import { chromium, curl, gstreamer } from './streams/programs.ts'
import { isThorough } from './thorough.ts'

/** The projects whose tests use more than Redis, MinIO and FFmpeg. */
const WITH_TOOLS = ['contract', 'e2e', 'long', 'longest']

/** Whether the arguments for Vitest select tests that use such programs. Named files install theirs themselves. Pure. */
export function wantsTools(words: readonly string[]): boolean {
  const projects = words.flatMap((word, index) => {
    if (word.startsWith('--project=')) return [word.slice('--project='.length)]
    return words[index - 1] === '--project' ? [word] : []
  })
  const files = words.filter((word) => !word.startsWith('-') && !projects.includes(word))
  if (files.length > 0) return false
  return projects.length === 0 || projects.some((project) => WITH_TOOLS.includes(project))
}

/** One that cannot be had here is said, and missed by its own tests. */
export async function prepareTools(progress: Say): Promise<void> {
  const installs: readonly (() => Promise<unknown>)[] = [
    ...CLIENT_NAMES.map((name) => () => ensureClient(name)),
    () => installMonitoring(),
    () => systemTool('caddy', CADDY),
    () => pythonTool('hadolint'),
    () => composeLoader(),
    curl,
    // Only files that CI alone runs need the browser.
    ...(isThorough ? [gstreamer, chromium] : []),
  ]
  for (const install of installs) await install().catch((error: unknown) => progress(messageOf(error)))
}
