import './janitor/folders.ts'
import './janitor/manifests.ts'
import './janitor/rounds.ts'
