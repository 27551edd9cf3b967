/** The addresses of files in this interface. Pure. @module */

/**
 * Such as `/v1/files/processed/a%20b.mp4/chunk/~01KB/00000.mp4`: slashes stay, so that relative addresses in playlists lead to the
 * files beside them.
 */
export function fileAddress(bucket: string, key: string): string {
  // Half a character, which some tools put into names, has no encoding: there is no such file then.
  return `/v1/files/${encodeURIComponent(bucket)}/${encodeURIComponent(key.toWellFormed()).replaceAll('%2F', '/')}`
}
