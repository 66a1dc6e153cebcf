/**
 * What every line of one results file has in common: `<output>.run.json`, beside the file for as long as it is there.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';

import { TubeletError, asReadFailure, isSystemError } from '../base/errors';
import { isObject, parsedJson } from '../base/json';
import type { Precision } from '../native/binding';
import type { CheckpointIdentity } from '../results/results';
import { writeWhole } from './atomic';

/** Which run made the lines. */
export interface RunIdentity {
  command: 'classify' | 'embed';
  /** The package's version. */
  tubelet: string;
  checkpoint: CheckpointIdentity;
  precision: Precision;
  /** What changes the answers, as JSON values; what was not given is left out. */
  options: Record<string, unknown>;
}

/** What a run came to. */
export interface Counts {
  /** Files that are finished, those that failed among them. */
  items: number;
  failed: number;
}

/** Where the identity of an output's run is. */
export function identityPath(output: string): string {
  return `${output}.run.json`;
}

/** Writes the identity of an output's run, and what it came to once it has. The caller holds the output's lock. */
export async function writeIdentity(output: string, identity: RunIdentity, counts?: Counts): Promise<void> {
  const text = JSON.stringify({ ...identity, finished: counts !== undefined, ...counts }, undefined, 2);
  await writeWhole(identityPath(output), (file) => file.writeFile(`${text}\n`));
}

/** What is known of the run that made an output. */
export interface KnownRun {
  identity: RunIdentity;
  /** When it came to its end, with everything that it was asked for. */
  counts: Counts | undefined;
}

/**
 * The run that made an output, or `undefined` when nothing beside it says which.
 *
 * @throws TubeletError INVALID_ARGUMENT: the file is not one of tubelet's. READ_FAILED
 */
export async function readRun(output: string): Promise<KnownRun | undefined> {
  const path = identityPath(output);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw asReadFailure(error, path);
  }
  const run = parsedJson(text);
  if (isObject(run)) {
    const { finished, items, failed, ...identity } = run;
    const counts = finished === true ? { items: Number(items ?? 0), failed: Number(failed ?? 0) } : undefined;
    if (isIdentity(identity)) return { identity, counts };
  }
  throw new TubeletError('INVALID_ARGUMENT', `${path} does not say which run made ${output}: it is damaged`);
}

/**
 * Why lines of one run cannot stand beside those of another: each difference as `what: before, now after`; none when
 * they can. Of the checkpoint only the weights count, whatever name led to them. The device and the version of tubelet
 * do not: their answers agree.
 */
export function differences(before: RunIdentity, now: RunIdentity): string[] {
  return [
    difference('command', before.command, now.command),
    before.checkpoint.sha256 === now.checkpoint.sha256
      ? undefined
      : difference('checkpoint', named(before.checkpoint), named(now.checkpoint)),
    difference('precision', before.precision, now.precision),
    ...[...new Set([...Object.keys(before.options), ...Object.keys(now.options)])]
      .sort()
      .map((name) => difference(name, canonical(before.options[name]), canonical(now.options[name]))),
  ].filter((line) => line !== undefined);
}

function difference(what: string, before: string, now: string): string | undefined {
  return before === now ? undefined : `${what}: ${before}, now ${now}`;
}

function named({ name, sha256 }: CheckpointIdentity): string {
  return `${name} (sha256 ${sha256.slice(0, 12)})`;
}

/** A JSON value as text that does not depend on the order of its keys. */
function canonical(value: unknown): string {
  if (value === undefined) return 'not given';
  return JSON.stringify(value, (_key, part: unknown) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}

function isIdentity(value: object): value is RunIdentity {
  if (!isObject(value) || !isObject(value['checkpoint']) || !isObject(value['options'])) return false;
  const { name, sha256, revision } = value['checkpoint'];
  return (
    (value['command'] === 'classify' || value['command'] === 'embed') &&
    typeof value['tubelet'] === 'string' &&
    (value['precision'] === 'fp32' || value['precision'] === 'bf16') &&
    typeof name === 'string' &&
    typeof sha256 === 'string' &&
    (revision === undefined || typeof revision === 'string')
  );
}
