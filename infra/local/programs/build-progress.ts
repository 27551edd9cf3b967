/** How far a build by Go is: packages built of packages in all. @module */

export interface BuildProgress {
  /** A line that `go build -v` wrote: the package that it begins with, or something else. */
  onLine(line: string): void
  text(): string
}

/**
 * @param total - every package that goes into the programs
 * @param stale - those of them that are not in the build cache, by their paths
 */
export function createBuildProgress(total: number, stale: ReadonlySet<string>): BuildProgress {
  const begun = new Set<string>()
  return {
    onLine: (line) => {
      if (stale.has(line)) begun.add(line)
    },
    text: () => `${total - stale.size + begun.size} of ${total} packages`,
  }
}

/** Shape, by `go list -deps -f '{{.ImportPath}} {{.Stale}}'`: lines such as `github.com/minio/mc/cmd true`. */
export function parsePackages(output: string): {
  readonly total: number
  readonly stale: ReadonlySet<string>
} {
  const lines = output.split('\n').filter(Boolean)
  const stale = lines.filter((line) => line.endsWith(' true')).map((line) => line.slice(0, -' true'.length))
  return { total: lines.length, stale: new Set(stale) }
}
