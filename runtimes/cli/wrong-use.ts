/** Thrown by commands for flags or arguments that make no sense. */
export class WrongUse extends Error {
  override readonly name = 'WrongUse'
}
