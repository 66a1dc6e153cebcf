import { readFile } from 'node:fs/promises';

import { TubeletError } from '#lib/index';
import type { RunIdentity } from '#lib/output/identity';
import type { Outcome } from '#lib/output/journal';
import type { Resume } from '#lib/output/reserve';
import { RunOutput } from '#lib/output/run';

export const identity: RunIdentity = {
  command: 'classify',
  tubelet: '1.2.3',
  checkpoint: { name: 'motion-vivit', sha256: 'ab'.repeat(32) },
  precision: 'fp32',
  options: { topK: 5, sampling: 'trained' },
};

const found = {
  predictions: [{ label: 'pan "left"', index: 0, score: 0.5 }],
  timestamps: [0, 0.5],
  clip: { start: 0, end: 1 },
  repeated: false,
  tooShort: false,
  toneMapped: false,
  warnings: [],
  checkpoint: identity.checkpoint,
  device: 'cpu',
  precision: 'fp32',
  milliseconds: { decode: 1, prepare: 2, infer: 3 },
};
export const result: Outcome = { result: found };
export const failure: Outcome = { error: new TubeletError('CORRUPT_VIDEO', 'The data is damaged') };

/** The line of `result`. */
export function resultLine(file: string): string {
  return `${JSON.stringify({ file, ...found })}\n`;
}

/** The line of `failure`. */
export function failureLine(file: string): string {
  return `{"file":${JSON.stringify(file)},"error":{"code":"CORRUPT_VIDEO","message":"The data is damaged"}}\n`;
}

/** Begins a run, or goes on with one. */
export async function begin(path: string, resume: Resume = false, as = identity): Promise<RunOutput> {
  const run = await RunOutput.reserve(path, { resume });
  await run.begin(as);
  return run;
}

/** What a file holds, `undefined` when it is not there. */
export async function contentOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}
