/** Parts of a page that are left out while Redis or MinIO is away. @module */
import { absentServer } from '../api/http/problem.ts'

/** For `catch`: undefined when a server does not answer. @throws the error itself when it is another one */
export function absentOnly(error: unknown): undefined {
  if (absentServer(error) === undefined) throw error
}
