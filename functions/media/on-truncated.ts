/** The option of a file that ends too early. Pure. @module */
import { z } from 'zod'

/** The result for a truncated file: a dead letter, or what can be made of the intact part. */
export const onTruncated = z.enum(['fail', 'keep']).default('fail')
