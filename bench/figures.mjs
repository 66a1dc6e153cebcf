// What the tables of the benchmarks have in common.
import { readFileSync } from 'node:fs';

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The float32 values of a file. */
export function readFloats(file) {
  const bytes = readFileSync(file);
  // Copied: the bytes of a small file are part of a buffer that Node shares among many.
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

export const megabytes = (bytes) => (bytes / 1e6).toFixed(0);

/** A line of a table; columns with negative widths are aligned to the left. */
export function tableLine(widths, cells) {
  return cells.map((cell, i) => (widths[i] < 0 ? cell.padEnd(-widths[i]) : cell.padStart(widths[i]))).join('');
}
