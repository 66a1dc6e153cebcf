/**
 * What is known of published checkpoints beyond their files: models/presets.json. A configuration in Hugging Face's
 * format does not say how clips were sampled in training: presets know the published checkpoints, a config.json may say
 * so itself, and any other fine-tune takes after its family.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { TubeletError } from '../base/errors';
import { Fields, jsonObject } from '../base/fields';
import { type JsonObject, isObject } from '../base/json';
import { largestSide, mostFrames, mostLabels } from '../base/limits';
import { packageRoot } from '../base/package';
import {
  type Rule,
  boolean,
  describe,
  integer,
  invalid,
  nullable,
  oneOf,
  positive,
  readOptions,
  text,
} from '../base/rules';
import { type Family, families } from '../sampling/family';
import { type TrainedSampling, nominalFps, respaced, spacingRule } from '../sampling/sampling';
import type { ModelConfig } from './config';

/** Under which conditions weights may be used. */
export interface Licence {
  /** The SPDX identifier, such as `CC-BY-NC-4.0`, or the hub's own. */
  id: string;
  /** Whether it allows commercial use, perhaps under conditions; `null`: not known. */
  commercial: boolean | null;
}

const channels: Rule<number[]> = {
  allowed: 'three numbers',
  accepts: (value): value is number[] => Array.isArray(value) && value.length === 3 && value.every(Number.isFinite),
};

const presetRules = {
  family: oneOf(...families),
  /** The data whose classes it knows, or that it was trained on without labels. */
  knows: nullable(text),
  /** 0: self-supervised. */
  classes: nullable(integer(0, mostLabels)),
  frames: integer(1, mostFrames),
  /** In frames at 30 a second; `null`: the frames were spread evenly over the whole video. */
  stride: nullable(positive(1000)),
  /** Pixels a side. */
  size: integer(1, largestSide),
  mean: channels,
  std: channels,
  licence: text,
  /** Percent on the data that it knows, by the protocol of its paper. */
  top1: nullable(positive(100)),
  /** One view, multiply and add as two. */
  gflop: positive(1e6),
  /** Millions. */
  parameters: nullable(positive(1e6)),
  /** Who states `top1`, or that there is such a checkpoint. */
  source: text,
};

const familyRules = { stride: positive(1000) };
const licenceRules = { commercial: boolean };

/** A row in which nothing is missing. */
type Row<R extends Record<string, Rule<unknown>>> = {
  [K in keyof R]: R[K] extends Rule<infer T> ? T : never;
};

/** One known checkpoint. */
export type Preset = Row<typeof presetRules>;

/** models/presets.json. */
export interface Presets {
  families: Map<string, Row<typeof familyRules>>;
  licences: Map<string, Row<typeof licenceRules>>;
  /** By name, as `load` takes it. */
  checkpoints: Map<string, Preset>;
}

/**
 * Checks what models/presets.json holds.
 *
 * @throws TubeletError INVALID_ARGUMENT: names the row and the field.
 */
export function checkPresets(json: JsonObject): Presets {
  const presets = {
    families: readRows('families', json['families'], familyRules),
    licences: readRows('licences', json['licences'], licenceRules),
    checkpoints: readRows('checkpoints', json['checkpoints'], presetRules),
  };
  for (const family of families) {
    if (!presets.families.has(family)) throw invalid(`families: there is no '${family}'`);
  }
  for (const [name, { licence }] of presets.checkpoints) {
    if (!presets.licences.has(licence)) throw invalid(`checkpoints: '${name}' has the unknown licence '${licence}'`);
  }
  return presets;
}

function readRows<R extends Record<string, Rule<unknown>>>(
  table: string,
  rows: unknown,
  rules: R,
): Map<string, Row<R>> {
  if (!isObject(rows)) throw invalid(`${table} must be an object, got ${describe(rows)}`);
  return new Map(
    Object.entries(rows).map(([name, row]) => {
      const values = readOptions(`${table}: '${name}'`, row, rules);
      const missing = Object.keys(rules).find((field) => values[field] === undefined);
      if (missing !== undefined) throw invalid(`${table}: '${name}' has no '${missing}'`);
      return [name, values as Row<R>];
    }),
  );
}

let presets: Promise<Presets> | undefined;

/** models/presets.json, read once. */
export function readPresets(): Promise<Presets> {
  presets ??= readFile(join(packageRoot, 'models', 'presets.json'), 'utf8').then((content) =>
    checkPresets(JSON.parse(content) as JsonObject),
  );
  return presets;
}

/** The licence of a known checkpoint's weights; `null` for any other. */
export async function licenceOf(name: string): Promise<Licence | null> {
  const id = (await readPresets()).checkpoints.get(name)?.licence;
  return id === undefined ? null : licenceById(id);
}

/** What is known of a licence, by its identifier in any case. */
export async function licenceById(id: string): Promise<Licence> {
  const { licences } = await readPresets();
  const known = [...licences].find(([name]) => name.toLowerCase() === id.toLowerCase());
  return { id, commercial: known?.[1].commercial ?? null };
}

/**
 * The sampling of one checkpoint: what its config.json says under `"tubelet": { "sampling": { "frames": 8, "stride": 4,
 * "fps": 30 } }`, else its preset, else its family's stride at 30 frames a second.
 *
 * @param file - config.json's path, for messages.
 * @throws TubeletError MODEL_INVALID
 */
export async function trainedSampling(
  name: string,
  json: JsonObject,
  config: ModelConfig,
  file: string,
): Promise<TrainedSampling> {
  const known = (await readPresets()).checkpoints.get(name);
  const byFamily = await familySampling(config.family, config.frames);
  const preset = known === undefined ? byFamily : { ...byFamily, stride: known.stride };
  const own = new Fields(json, file).read('tubelet', jsonObject);
  const spacing = own && new Fields(own, `${file}: 'tubelet'`).read('sampling', spacingRule);
  if (spacing === undefined) return preset;
  if (spacing.frames !== undefined && spacing.frames !== preset.frames) {
    throw new TubeletError(
      'MODEL_INVALID',
      `${file}: 'tubelet.sampling' has ${spacing.frames} frames, but the model takes ${preset.frames} (num_frames)`,
    );
  }
  return respaced(preset, spacing);
}

/** How a family's published Kinetics checkpoints are sampled: what `readFrames` does when nothing is said. */
export async function familySampling(family: Family, frames: number): Promise<TrainedSampling> {
  const stride = (await readPresets()).families.get(family)?.stride ?? null;
  return { frames, stride, fps: nominalFps };
}
