/** Uploads by browsers, and the files that they read, without one of their guards each. @module */
import { mutantsOf, type Mutant } from './mutant.ts'

const SERVICE = ['test/unit/api/uploads/service.test.ts']

export const UPLOAD_MUTANTS: readonly Mutant[] = [
  ...mutantsOf('runtime/api/uploads/checks.ts', SERVICE, [
    ['an upload may go among the pieces of streams', 'key.startsWith(STREAMS_FOLDER)', 'false'],
    ['an upload that nobody takes is sent all the same', '    ...(size ? [size] : []),\n', ''],
    ['a wrong option is found only by its run', '    ...optionIssues(running, functions, options),\n', ''],
  ]),
  ...mutantsOf('runtime/api/uploads/service.ts', SERVICE, [
    ['an upload whose answer was lost fails', "error.code === 'NoSuchUpload' ?", 'false ?'],
  ]),
  ...mutantsOf(
    'runtime/process/fork-child.ts',
    ['test/unit/process/fork-child.test.ts'],
    [['functions have the account for uploads', "!name.startsWith('MINIO_UPLOADER_')", "name !== ''"]],
  ),
  ...mutantsOf(
    'runtime/api/results/outputs.ts',
    ['test/unit/api/results/outputs.test.ts'],
    [
      [
        'the playlist of a long film is left out for its segments',
        '      : [...files.filter((file) => !isSegment(file)), ...files.filter(isSegment)]',
        '      : files',
      ],
    ],
  ),
]
