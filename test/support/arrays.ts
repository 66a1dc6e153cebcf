import { readFile, writeFile } from 'node:fs/promises';

/** Raw little-endian floats, as the reference scripts write them. */
export async function readFloats(file: string): Promise<Float32Array> {
  const bytes = await readFile(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

export async function writeArray(file: string, array: Float32Array | Uint8Array): Promise<string> {
  await writeFile(file, new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return file;
}

/** The largest and the mean absolute difference of two arrays of one length. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): { largest: number; mean: number } {
  if (a.length !== b.length || a.length === 0) throw new Error(`lengths ${a.length} and ${b.length} do not compare`);
  let largest = 0;
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const distance = Math.abs((a[i] ?? NaN) - (b[i] ?? NaN));
    largest = Math.max(largest, distance); // NaN stays, and passes for no difference nowhere
    sum += distance;
  }
  return { largest, mean: sum / a.length };
}

/** |a - b| / |b|, by the Euclidean norm. */
export function relativeDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length || a.length === 0) throw new Error(`lengths ${a.length} and ${b.length} do not compare`);
  const norm = (values: Float32Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return norm(a.map((value, i) => value - (b[i] ?? NaN))) / norm(b);
}

/** Seeded pixels as normalised pictures have them: about -2 to 2 (xorshift32, so that every run sees the same). */
export function seededPixels(length: number, seed: number): Float32Array {
  let state = seed | 1;
  return Float32Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) / 2 ** 32) * 4 - 2;
  });
}
