/** Cleaning up on a real Redis and MinIO, by a worker that does not know everything: what could be lost stays. */
import './cleanup/results.ts'
import './cleanup/asked.ts'
import './cleanup/debts.ts'
import './cleanup/versions.ts'
