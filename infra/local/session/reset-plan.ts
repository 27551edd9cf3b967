/** The paths that `npm run reset` removes. Pure. @module */
export const RESET_HELP = `npm run reset [-- --cache] [-- --yes]

Removes the data of npm start: its buckets, runs, accounts and logs (.sluice, or
the folder in SLUICE_LOCAL_DIR). It lists the folders, and asks.

  --cache   also remove MinIO, mc and the tools that were built or fetched for
            this project (~/.cache/sluice); the next npm start builds them again
  --yes     do not ask

A Redis and a MinIO that you set with REDIS_URL and MINIO_ENDPOINT are kept,
and so is a redis-server from the system's package manager.`

export interface ResetOptions {
  readonly yes: boolean
  readonly cache: boolean
  readonly help: boolean
}

export interface ResetFacts {
  readonly dataDir: string
  readonly cacheDir: string
  readonly options: Pick<ResetOptions, 'cache'>
  /** Whether the data folder has the file that `npm start` writes first. */
  readonly isOurs: boolean
  readonly isThere: (path: string) => boolean
}

export interface ResetPlan {
  readonly paths: readonly { readonly path: string; readonly what: string }[]
  /** The reason why nothing may be removed. */
  readonly refusal?: string
}

export function planReset({ dataDir, cacheDir, options, isOurs, isThere }: ResetFacts): ResetPlan {
  const hasData = isThere(dataDir)
  if (hasData && !isOurs) {
    return {
      paths: [],
      refusal: `${dataDir} does not look like a folder of npm start (it has no credentials.json of a stack): remove it yourself if you want to`,
    }
  }
  return {
    paths: [
      ...(hasData ? [{ path: dataDir, what: 'all uploads and results, runs, accounts, logs' }] : []),
      ...(options.cache && isThere(cacheDir)
        ? [
            {
              path: cacheDir,
              what: 'MinIO, mc and tools for tests; they are built or fetched again when needed',
            },
          ]
        : []),
    ],
  }
}
