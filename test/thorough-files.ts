/**
 * Test files that a plain `npm test` leaves to CI, where TEST_LONG is set, because each takes half a minute or more. What
 * each is about has tests beside it that `npm test` runs. A file that is named on the command line runs in any case.
 * @module
 */
export const THOROUGH_FILES: readonly string[] = [
  // Accounts and secrets as compose has them: acl and exposure stay.
  'contract/policies',
  // Real Prometheus, Alertmanager and exporters: the rules and dashboards have tests without them.
  'e2e/monitoring',
  // Programs of other people: the AWS command line and mc stay in spine and names.
  'e2e/clients',
  'e2e/clients-browser',
  'e2e/console',
  // Packs and installs: integration/testing and desk-local-run stay.
  'e2e/package',
  // A large source, other people's buckets, uploads that wait: objects stays.
  'e2e/large-sources',
  'e2e/objects-other-buckets',
  'e2e/objects-waiting',
  // Every crash between two steps (P4, P5): output-commit and steps-zombies stay.
  'fault/steps',
  // Workers that are lost or loop (P6): function-contract and e2e/workers stay.
  'fault/lost-workers',
  'fault/hls',
  'integration/process-supervisor',
  // A full queue folder (P2): sweep stays. A bad route to Redis (P3, P11): events and network-store stay.
  'fault/queue-folder',
  'fault/network-redis',
  // Every moment of an upload at which something dies (P1): outages stays.
  'fault/uploads',
  // Streams and what dies while they come: the doors, their senders, and the engine's faults and recovery stay (reception-*).
  'fault/streams-disk',
  'fault/streams-outages',
  'fault/streams-receiver',
  'fault/streams-zombie',
  // Each FFmpeg as the receiver's, and servers of other people to pull from: streams-doors and reception-pull stay.
  'integration/streams-builds',
  'integration/streams-pulls',
  // A browser: no other test needs it.
  'integration/console-players',
  'integration/console-script',
  'integration/hls-players',
  'integration/streams-fmp4',
  'integration/streams-player',
  // Loops, contact sheets and single pictures: poster and thumbnails stay.
  'integration/preview',
  // Wrongly set-up servers: doctor stays.
  'integration/doctor-traps',
]

/** As Vitest's `exclude` takes them. */
export function leftOut(words: readonly string[], isThorough: boolean): string[] {
  if (isThorough) return []
  return THOROUGH_FILES.filter((file) => !words.some((word) => word.includes(file))).map(
    (file) => `test/${file}.test.ts`,
  )
}
