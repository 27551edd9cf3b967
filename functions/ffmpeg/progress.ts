/** FFmpeg's `-progress` report: blocks of `name=value` lines, each ended by `progress=continue` or `progress=end`. Pure. @module */

/** What is unknown ("N/A", as for streams without timestamps) stays absent. */
export interface FfmpegProgress {
  readonly mediaSeconds?: number
  /** Media seconds per second. */
  readonly speed?: number
}

/** Feeds on lines; answers at the end of each block. */
export function createProgressParser(): (line: string) => FfmpegProgress | undefined {
  let block: Record<string, string> = {}
  return (line) => {
    const separator = line.indexOf('=')
    if (separator < 0) return undefined
    const name = line.slice(0, separator).trim()
    block[name] = line.slice(separator + 1).trim()
    if (name !== 'progress') return undefined
    const report = block
    block = {}
    return toProgress(report)
  }
}

function toProgress(report: Readonly<Record<string, string>>): FfmpegProgress {
  // `out_time_ms` is in microseconds too, and not in every build: only this name means the same everywhere.
  const micros = toNumber(report['out_time_us'])
  const speed = toNumber(report['speed']?.replace(/x$/, ''))
  return {
    // Negative before the first packet whose time counts.
    ...(micros !== undefined && micros >= 0 && { mediaSeconds: micros / 1e6 }),
    ...(speed !== undefined && { speed }),
  }
}

function toNumber(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  const value = Number(text)
  return Number.isFinite(value) ? value : undefined
}
