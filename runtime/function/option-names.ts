/** Names as people write them -> names of a schema's options. Pure. @module */

export interface Named {
  /** Under the names of the schema. */
  readonly values: Readonly<Record<string, unknown>>
  readonly unknown: readonly string[]
}

/** Names match whatever their case: S3 stores metadata names in lower case, and nobody should have to know. */
export function byOption(names: readonly string[], given: Readonly<Record<string, unknown>>): Named {
  const unknown: string[] = []
  const values: [string, unknown][] = []
  for (const [name, value] of Object.entries(given)) {
    const option =
      names.find((each) => each === name) ?? names.find((each) => each.toLowerCase() === name.toLowerCase())
    if (option === undefined) unknown.push(name)
    else values.push([option, value])
  }
  return { values: Object.fromEntries(values), unknown }
}
