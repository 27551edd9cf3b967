/** The field of filters for the beginning of a key. @module */

/** A prefix comes from links only: what people look for is seldom the beginning of a key. */
export function PrefixField({ prefix }: { readonly prefix: string }) {
  return (
    <label>
      <span class="hidden">Prefix of the key</span>
      <input
        type="search"
        name="prefix"
        value={prefix}
        placeholder="key starts with …"
        maxlength={1_024}
        autocomplete="off"
        spellcheck={false}
      />
    </label>
  )
}
