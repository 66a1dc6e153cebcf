/**
 * tubelet.json: the text in a TorchScript file that says how its program is used. `exportModel` writes it; anybody may,
 * from Python, with the `_extra_files` of torch.jit.save. docs/torchscript.md describes it.
 *
 * @module
 */
import { TubeletError, messageOf } from '../base/errors';
import { Fields, jsonObject } from '../base/fields';
import { isObject } from '../base/json';
import { largestSide, mostFrames, mostLabels } from '../base/limits';
import { type Rule, type Values, boolean, integer, oneOf, text } from '../base/rules';
import { scoresRule } from '../options/scores';
import type { CheckpointIdentity } from '../results/results';
import { families } from '../sampling/family';
import { spacingRule } from '../sampling/sampling';
import type { Licence } from './presets';

/** The order of the axes of a program's pixels, after the clip's: frames, channels, height, width. */
export type Layout = 'TCHW' | 'CTHW';

/** A side of a square, or a picture's size. */
export type Size = number | { height: number; width: number };

/** One number for red, green and blue, or one for each. */
export type Channels = number | readonly number[];

/** Which checkpoint a TorchScript file was made of, in its own words. */
export interface Origin extends CheckpointIdentity {
  /** The licence of the weights; `null` where it is not known. */
  licence: Licence | null;
}

const side = integer(1, largestSide);

/** @internal */
export const sizeRule: Rule<Size> = {
  allowed: `a whole number from 1 to ${largestSide}, or { height, width }`,
  accepts: (value): value is Size =>
    side.accepts(value) ||
    (isObject(value) &&
      Object.keys(value).length === 2 &&
      side.accepts(value['height']) &&
      side.accepts(value['width'])),
  copy: (size) => (typeof size === 'number' ? size : { height: size.height, width: size.width }),
};

/** @internal */
export const layoutRule = oneOf('TCHW', 'CTHW');

function channels(allowed: string, accepts: (value: number) => boolean): Rule<Channels> {
  const isRight = (value: unknown): boolean => Number.isFinite(value) && accepts(value as number);
  return {
    allowed: `${allowed}, or three, for red, green and blue`,
    accepts: (value): value is Channels =>
      Array.isArray(value) ? value.length === 3 && value.every(isRight) : isRight(value),
    copy: (value) => (typeof value === 'number' ? value : [...value]),
  };
}

/** @internal */
export const meanRule = channels('a number', () => true);

/** @internal */
export const stdRule = channels('a number above 0', (value) => value > 0);

const labelList: Rule<readonly string[]> = {
  allowed: 'an array of labels that are not empty',
  accepts: (value): value is string[] =>
    Array.isArray(value) && value.length <= mostLabels && value.every(text.accepts),
};

const originRule: Rule<Origin> = {
  allowed: 'an object with name, sha256 and licence',
  accepts: (value): value is Origin =>
    isObject(value) &&
    text.accepts(value['name']) &&
    text.accepts(value['sha256']) &&
    (value['revision'] === undefined || text.accepts(value['revision'])) &&
    (value['licence'] === null || isLicence(value['licence'])),
};

function isLicence(value: unknown): value is Licence {
  return (
    isObject(value) &&
    text.accepts(value['id']) &&
    (value['commercial'] === null || boolean.accepts(value['commercial']))
  );
}

const rules = {
  frames: integer(1, mostFrames),
  size: sizeRule,
  mean: meanRule,
  std: stdRule,
  /** A preprocessor's configuration in Hugging Face's format, instead of mean and std. */
  preprocessor: jsonObject,
  resize: oneOf('antialias', 'plain'),
  layout: layoutRule,
  labels: labelList,
  scores: scoresRule,
  sampling: spacingRule,
  /** Which of the package's programs it is. */
  family: oneOf(...families),
  checkpoint: originRule,
  /** The version that wrote it. */
  tubelet: text,
};

/** What tubelet.json says; all of it may be left out. */
export type Metadata = Partial<Values<typeof rules>>;

/**
 * Checks tubelet.json.
 *
 * @param file - The TorchScript file that it is in, for messages.
 * @throws TubeletError MODEL_INVALID: names the field.
 */
export function readMetadata(content: string, file: string): Metadata {
  const fields = new Fields(parse(content, file), `${file}: its tubelet.json`);
  fields.requireKnown(Object.keys(rules));
  return Object.fromEntries(
    Object.entries<Rule<unknown>>(rules)
      .map(([name, rule]) => [name, fields.read(name, rule)] as const)
      .filter(([, value]) => value !== undefined),
  );
}

function parse(content: string, file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw invalid(file, `is not valid JSON: ${messageOf(error)}`, error);
  }
  if (!isObject(value)) throw invalid(file, 'must hold a JSON object');
  return value;
}

function invalid(file: string, reason: string, cause?: unknown): TubeletError {
  return new TubeletError('MODEL_INVALID', `${file}: its tubelet.json: ${reason}`, { cause });
}
