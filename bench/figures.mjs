// What the tables of the benchmarks have in common.

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export const megabytes = (bytes) => (bytes / 1e6).toFixed(0);

/** A line of a table; columns with negative widths are aligned to the left. */
export function tableLine(widths, cells) {
  return cells.map((cell, i) => (widths[i] < 0 ? cell.padEnd(-widths[i]) : cell.padStart(widths[i]))).join('');
}
