/** The field of a filter that names a function. @module */

/** @param chosen - undefined: every function */
export function FunctionSelect({
  names,
  chosen,
}: {
  readonly names: readonly string[]
  readonly chosen: string | undefined
}) {
  return (
    <label>
      <span class="hidden">Function</span>
      <select name="function">
        <option value="">every function</option>
        {names.map((name) => (
          <option value={name} selected={name === chosen}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}
