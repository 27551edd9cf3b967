/** A field for one option of a function; left empty, the option is as it comes. @module */
import type { OptionField } from '../upload/fields.ts'

/** Its name in the form is `option:<name>`. */
export function OptionInput({ field }: { readonly field: OptionField }) {
  const { name, label, choices, byDefault, hint, isNumber } = field
  const standard = byDefault === undefined ? 'as it comes' : `${byDefault} (default)`
  return (
    <label>
      <span>{label}</span>
      {choices ? (
        <select name={`option:${name}`}>
          <option value="">{standard}</option>
          {choices
            .filter((choice) => choice !== byDefault)
            .map((choice) => (
              <option>{choice}</option>
            ))}
        </select>
      ) : (
        <input
          type="text"
          name={`option:${name}`}
          inputmode={isNumber ? 'decimal' : undefined}
          placeholder={standard}
          autocomplete="off"
          spellcheck={false}
        />
      )}
      {!choices && <small class="quiet">{hint}</small>}
    </label>
  )
}
