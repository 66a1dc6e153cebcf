import { writeFile } from 'node:fs/promises';

import { jsonLine } from '#lib/results/json-line';
import { type ClassifyResult, type EmbedResult, TubeletError, type TubeletErrorCode } from '#lib/index';
import type { RunIdentity } from '#lib/output/identity';
import { lineFor } from '#lib/output/journal';
import type { Provenance } from '#lib/results/results';

const checkpoint = { name: 'org/name', revision: '0123456789abcdef', sha256: 'ab'.repeat(32) };

/** The identity of a run that never was. */
export function runIdentity(overrides: Partial<RunIdentity> = {}): RunIdentity {
  return { command: 'embed', tubelet: '1.2.3', checkpoint, precision: 'fp32', options: {}, ...overrides };
}

const provenance: Provenance = {
  timestamps: [0, 0.1, 0.25],
  clip: { start: 0, end: 0.3 },
  repeated: false,
  tooShort: false,
  toneMapped: false,
  warnings: [],
  checkpoint,
  device: 'cpu',
  precision: 'fp32',
  milliseconds: { decode: 1.5, prepare: 0.25, infer: 12.125 },
};

/** What `embed` gives. */
export function embedding(data: ArrayLike<number>, shape = [data.length]): EmbedResult {
  return { data: Float32Array.from(data), shape, normalized: false, ...structuredClone(provenance) };
}

/** What `classify` gives, with these labels and their scores. */
export function classification(scores: Record<string, number>, logits?: Float32Array): ClassifyResult {
  const predictions = Object.entries(scores).map(([label, score], index) => ({ label, index, score }));
  return { predictions, scores: 'softmax', ...(logits && { logits }), ...structuredClone(provenance) };
}

/** What both give with windows: what is found in each, and what all have in common. */
export function windowed(...windows: { start: number; end: number; data: Float32Array; shape: number[] }[]): object {
  const { checkpoint: weights, device, precision, warnings, milliseconds } = provenance;
  const clip = { start: 100, end: 101 }; // of the frames; the window is what counts
  return {
    windows: windows.map((window) => ({
      ...window,
      clip,
      timestamps: [window.start],
      milliseconds: { decode: window.start, prepare: 0, infer: window.end },
    })),
    checkpoint: weights,
    device,
    precision,
    warnings,
    milliseconds,
  };
}

/** A file's result, or the code of its failure. */
export type Outcome = object | TubeletErrorCode;

export function failure(code: TubeletErrorCode): TubeletError {
  return new TubeletError(code, `It is "${code}",\nas said`);
}

/** Writes a journal as a run does. */
export async function writeJournal(path: string, outcomes: Iterable<readonly [string, Outcome]>): Promise<void> {
  const lines = Array.from(outcomes, ([file, outcome]) =>
    typeof outcome === 'string' ? lineFor(file, { error: failure(outcome) }) : jsonLine(file, outcome),
  );
  await writeFile(path, lines.map((line) => `${line}\n`).join(''));
}
