import { expect, it } from 'vitest'
import { z } from 'zod'
import { bucketsOf, fieldsOf } from '../../../../runtime/console/upload/fields.ts'
import { FUNCTION } from '../../api/examples.ts'

const cut = {
  ...FUNCTION,
  optionsSchema: z.toJSONSchema(
    z.object({
      mode: z.enum(['copy', 'exact']).default('copy'),
      seconds: z.number().min(1).max(60).default(6),
    }),
    { io: 'input' },
  ),
}
const film = {
  ...FUNCTION,
  name: 'film',
  trigger: 'asked' as const,
  presets: { mobile: {} },
  optionsSchema: z.toJSONSchema(z.object({ dash: z.boolean().optional() }), { io: 'input' }),
}

it('are made of the schemas of the functions that read the bucket, each for its own function', () => {
  expect(fieldsOf([cut, film, { ...FUNCTION, on: { ...FUNCTION.on, bucket: 'other' } }], 'incoming')).toEqual(
    [
      {
        name: 'cut',
        isAsked: false,
        fields: [
          {
            name: 'cut.mode',
            label: 'mode',
            choices: ['copy', 'exact'],
            byDefault: 'copy',
            hint: 'one of copy, exact',
            isNumber: false,
          },
          {
            name: 'cut.seconds',
            label: 'seconds',
            choices: undefined,
            byDefault: '6',
            hint: 'number from 1 to 60',
            isNumber: true,
          },
        ],
      },
      {
        name: 'film',
        isAsked: true,
        fields: [
          {
            name: 'film.preset',
            label: 'preset',
            choices: ['mobile'],
            hint: 'a named set of options',
            isNumber: false,
          },
          { name: 'film.dash', label: 'dash', choices: ['true', 'false'], hint: 'boolean', isNumber: false },
        ],
      },
    ],
  )
})

it('are for buckets that functions read and do not write', () => {
  const chained = { ...FUNCTION, name: 'next', on: { ...FUNCTION.on, bucket: 'processed' } }
  const other = { ...FUNCTION, name: 'other', on: { ...FUNCTION.on, bucket: 'other' } }
  expect(bucketsOf([other, cut, film, chained])).toEqual(['incoming', 'other'])
})
