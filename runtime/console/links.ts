/** The addresses of pages. Keys are anything, so they are in the query. Pure. @module */
import { fileAddress } from '../api/files/address.ts'

export function objectHref(base: string, bucket: string, key: string): string {
  return `${base}/objects/${encodeURIComponent(bucket)}?key=${encodeKey(key)}`
}

/** Where a form runs an object again. Not in its fields: a browser changes line breaks in them, and keys may have some. */
export function runObjectHref(base: string, bucket: string, key: string): string {
  return `${base}/objects/${encodeURIComponent(bucket)}/run?key=${encodeKey(key)}`
}

/** The page of a form for running an object again with other options. */
export function runOptionsHref(base: string, bucket: string, key: string, name: string): string {
  const query = `key=${encodeKey(key)}&function=${encodeURIComponent(name)}`
  return `${base}/objects/${encodeURIComponent(bucket)}/options?${query}`
}

/** The form for uploading an object again: its folder is filled in, and its name is said. */
export function uploadAgainHref(base: string, bucket: string, key: string): string {
  return `${base}/upload?bucket=${encodeURIComponent(bucket)}&key=${encodeKey(key)}`
}

export function runHref(base: string, id: string): string {
  return `${base}/runs/${id}`
}

/** Where a source is saved from: its bytes, by the HTTP interface. */
export function sourceHref(base: string, bucket: string, key: string): string {
  return `${base}${fileAddress(bucket, key)}?download`
}

export function streamHref(base: string, name: string): string {
  return `${base}/streams/${name}`
}

/**
 * A dashboard of Grafana, which a person may read for the last hour.
 *
 * @param grafanaUrl - without a slash at the end
 * @param name - of the function that it is to show
 */
export function dashboardHref(grafanaUrl: string, dashboard: string, name?: string): string {
  return `${grafanaUrl}/d/${dashboard}${name === undefined ? '' : `?var-function=${encodeURIComponent(name)}`}`
}

/** Half a character, which some tools put into names, has no encoding: the page then says that the store has no such key. */
function encodeKey(key: string): string {
  return encodeURIComponent(key.toWellFormed())
}
