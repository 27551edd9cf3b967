/** The commit without one of its guards each, and what decides about runs in the sweep and about folders in the janitor. @module */
import { mutantsOf, type Mutant } from './mutant.ts'

const COMMIT = ['test/integration/output-commit.test.ts']
const VERDICT = ['test/integration/output-verdict.test.ts']
const DECIDE = ['test/unit/output/decide.test.ts']

export const OUTPUT_MUTANTS: readonly Mutant[] = [
  ...mutantsOf('runtime/output/put-manifest.ts', COMMIT, [
    ['a manifest without If-Match', "...(current ? { ifMatch: current.etag } : { ifNoneMatch: '*' }),", ''],
    [
      'whatever the store answers, it said no',
      'return statusCode >= 400 && statusCode < 500',
      'return statusCode >= 0',
    ],
  ]),
  ...mutantsOf('runtime/output/commit.ts', COMMIT, [
    [
      'a commit that does not ask for the fence',
      'const isOwner = await request.holdsFence()',
      'const isOwner = true',
    ],
    [
      'the URL is signed after the question about the fence',
      "const url = await storage.presignPut(place.bucket, place.manifestKey, request.signedSeconds ?? 60)\n    reached('signed', place.folder)\n    const isOwner = await request.holdsFence()\n",
      'const isOwner = await request.holdsFence()\n    const url = await storage.presignPut(place.bucket, place.manifestKey, request.signedSeconds ?? 60)\n',
    ],
    [
      'a superseded attempt leaves its files',
      "if (decision === 'superseded' && current) {\n      await discard(request)",
      "if (decision === 'superseded' && current) {",
    ],
    ['files of a manifest that may stand are deleted', 'folder.hold()', ''],
    [
      'a reply that was lost is a failure',
      'if (sent.lostReply && (await isMine(request))) return',
      'if (false) return',
    ],
    [
      'a result is adopted whatever its epoch',
      'if (run !== request.run || epoch < request.epoch)',
      'if (run !== request.run)',
    ],
  ]),
  ...mutantsOf('runtime/output/decide.ts', DECIDE, [
    ['a result of a lower epoch is adopted', "current.epoch >= mine.epoch ? 'adopt' : 'replace'", "'adopt'"],
    ['my own manifest is another', "if (current.attempt === mine.attempt) return 'mine'", ''],
    ['what is not the latest replaces', 'return isMineLatest\n', 'return true\n'],
    [
      'an older verdict outranks a result',
      'isSameRun(mine, manifest) ? mine.epoch > manifest.epoch',
      'isSameRun(mine, manifest) ? true',
    ],
  ]),
  ...mutantsOf(
    'runtime/storage/quick-get.ts',
    ['test/integration/storage-endpoint.test.ts'],
    [
      [
        'of the records of TLS that come at once only the last one is read',
        'isSecure ? gathered() : single()',
        'single()',
      ],
    ],
  ),
  ...mutantsOf('runtime/storage/swap.ts', VERDICT, [
    [
      'a verdict without If-Match',
      "etag === undefined ? { ifNoneMatch: '*' as const } : { ifMatch: etag }",
      '{}',
    ],
  ]),
  ...mutantsOf('runtime/output/verdict.ts', VERDICT, [
    [
      'a verdict stays beside a result that came meanwhile',
      'if (await isToBeWritten(request, verdict, undefined)) return true',
      'return true',
    ],
    ['a newer verdict goes with an older one', 'if (!(await isToGo(current.verdict))) return true', ''],
  ]),
  ...mutantsOf(
    'runtime/storage/proof.ts',
    ['test/unit/storage/proof.test.ts', 'test/integration/storage-client.test.ts'],
    [
      ['a store that repeats no CRC has the file', 'answer.crc32 === crc,', 'true,'],
      ['a file is sent without its CRC', "headers: { 'x-amz-checksum-crc32': crc },", 'headers: {},'],
      [
        'the sha256 of a sending that broke off counts',
        'if (hashedBytes === sizeBytes) sha256Hex = hash.digest(',
        'if (sha256Hex === undefined) sha256Hex = hash.digest(',
      ],
    ],
  ),
  ...mutantsOf('runtime/output/pointers.ts', COMMIT, [
    [
      'a pointer that its file no longer has stays',
      'await storage.remove(place.bucket, key, { signal })\n    return false',
      'return true',
    ],
  ]),
  ...mutantsOf(
    'runtime/output/attempt-output.ts',
    ['test/integration/output-attempt.test.ts'],
    [
      [
        'a manifest before its files',
        "closedBecause ??= 'its handler has returned'\n      if (begun) await Promise.allSettled(begun.pending)",
        "closedBecause ??= 'its handler has returned'",
      ],
      ['a file that failed is no failure', 'if (failure) throw failure.error', ''],
    ],
  ),
]

const JANITOR = ['test/unit/upkeep/janitor/folders.test.ts', 'test/integration/janitor.test.ts']

export const UPKEEP_MUTANTS: readonly Mutant[] = [
  ...mutantsOf('runtime/upkeep/janitor/folders.ts', JANITOR, [
    ['a folder goes that a manifest names', 'return current.etag === newest?.etag ?', 'return true ?'],
    ["the janitor asks for no manifest's name", '|| current.identity.attempt === attempt', ''],
  ]),
  ...mutantsOf('runtime/upkeep/janitor/folders.ts', JANITOR, [
    ['a folder goes however young its files are', 'nowMs - newestMs > folderMs && ', ''],
    [
      'a folder goes before its attempt has certainly ended',
      'Math.max(folderMs, timeoutMs + slackMs)',
      'folderMs',
    ],
  ]),
]
