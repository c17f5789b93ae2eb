/** A label's value, as Prometheus' text format writes it. */
export function escapeLabel(value: string): string {
  return value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')
}
