/** How far apart two runs of frames are, in levels of 0 to 255. */
export interface Levels {
  /** The largest of the frames' mean differences. */
  mean: number;
  /** The largest difference. */
  largest: number;
}

/** Compares frames of `size` bytes each, one after the other. */
export function levelsApart(a: Uint8Array, b: Uint8Array, size: number): Levels {
  if (a.length !== b.length || a.length === 0) throw new Error(`${a.length} and ${b.length} bytes do not compare`);
  const levels = { mean: 0, largest: 0 };
  for (let start = 0; start < a.length; start += size) {
    let sum = 0;
    for (let i = start; i < start + size; i++) {
      const distance = Math.abs((a[i] ?? 0) - (b[i] ?? 0));
      if (distance > levels.largest) levels.largest = distance;
      sum += distance;
    }
    levels.mean = Math.max(levels.mean, sum / size);
  }
  return levels;
}

/** The frames with these numbers, one after the other. */
export function pickFrames(frames: Uint8Array, size: number, indices: readonly number[]): Uint8Array {
  const picked = new Uint8Array(size * indices.length);
  for (const [place, index] of indices.entries()) {
    picked.set(frames.subarray(index * size, (index + 1) * size), place * size);
  }
  return picked;
}
