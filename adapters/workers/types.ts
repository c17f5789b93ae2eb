/** What workers are started with. */
export interface StartOptions {
  /** Environment variables besides the process's own. */
  readonly env: Readonly<Record<string, string>>
  readonly onExit: (worker: number, code: number | undefined) => void
}

/** How soon a worker that died is replaced; one that dies at once must not spin. */
export const REPLACE_AFTER_MS = 500
