/** A manifest for tests: valid, and different where the test says so. @module */
import type { Manifest, ManifestSource } from '../../runtime/output/manifest.ts'

export interface ManifestDifferences extends Partial<Omit<Manifest, 'source'>> {
  readonly source?: Partial<ManifestSource>
}

export function manifestOf({ source, ...differences }: ManifestDifferences = {}): Manifest {
  return {
    schema: 1,
    run: 'run-1',
    attempt: '01JAAAAAAAAAAAAAAAAAAAAAAA',
    epoch: 0,
    function: 'chunk',
    functionVersion: '1',
    source: {
      bucket: 'incoming',
      key: 'clip.mp4',
      generation: 'generation-1',
      etag: 'etag-1',
      sizeBytes: 3,
      lastModified: '2026-01-01T00:00:00.000Z',
      ...source,
    },
    options: {},
    tools: {},
    files: [],
    pointers: {},
    totals: {},
    warnings: [],
    hops: 0,
    startedAt: '2026-01-01T00:00:01.000Z',
    finishedAt: '2026-01-01T00:00:02.000Z',
    ...differences,
  }
}
