/**
 * Options among an object's metadata that set nothing: those of functions that it does not ask for, and names that the function they
 * are addressed to does not have. They are warnings of the functions that run. Pure.
 * @module
 */
import { nearestOf, shortened } from './near-miss.ts'
import { byOption, isAddressedTo, shapeOf, type WithOptions } from './valid-options.ts'

type Asking = WithOptions & { readonly trigger: 'always' | 'asked'; readonly askedOn: readonly string[] }

/**
 * @param definition - of the function that runs, which judges its own options itself
 * @param make - the functions that the object asks for
 */
export function vainOptions(
  definition: Pick<Asking, 'name'>,
  metadata: Readonly<Record<string, string>>,
  functions: readonly Asking[],
  make: readonly string[],
): readonly string[] {
  const others = functions.filter(({ name }) => name !== definition.name)
  const isOff = (each: Asking) =>
    each.trigger === 'asked' && each.askedOn.length === 0 && !make.includes(each.name)
  return Object.keys(metadata).flatMap((written) => {
    const lower = written.toLowerCase()
    const other = others.find(({ name }) => isAddressedTo(name, written))
    if (other) return ofOther(written, other, isOff(other))
    // Only an object that speaks to us: other programs use such names too.
    if (make.length === 0) return []
    const having = functions.filter((each) => hasOption(each, lower))
    const [first] = having
    return first && having.every(isOff)
      ? [
          `metadata "${shortened(written)}" has no effect: it is an option of ${first.name}, which is not in "make"`,
        ]
      : []
  })
}

function ofOther(written: string, other: Asking, isOff: boolean): readonly string[] {
  const option = written.slice(other.name.length + 1)
  const names = Object.keys(shapeOf(other))
  if (!hasOption(other, option)) {
    const near = nearestOf(option, names)
    const hint = near === undefined ? `options are ${names.join(', ') || 'none'}` : `did you mean "${near}"?`
    return [`metadata "${shortened(written)}" is not an option of ${other.name}; ${hint}`]
  }
  return isOff
    ? [
        `metadata "${shortened(written)}" has no effect: ${other.name} runs only when asked, make=${other.name}`,
      ]
    : []
}

function hasOption(definition: Asking, option: string): boolean {
  return byOption(Object.keys(shapeOf(definition)), { [option]: '' }).unknown.length === 0
}
