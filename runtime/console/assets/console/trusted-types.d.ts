/** The part of Trusted Types that the console uses: browsers without them have no such property. @module */

interface TrustedTypePolicy {
  createHTML(html: string): unknown
}

interface Window {
  readonly trustedTypes?: {
    createPolicy(name: string, rules: { readonly createHTML: (html: string) => string }): TrustedTypePolicy
  }
}
