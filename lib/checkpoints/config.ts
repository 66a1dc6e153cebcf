/**
 * A checkpoint's config.json: which family it belongs to, its labels, and the numbers that the program asks for.
 *
 * @module
 */
import { TubeletError } from '../base/errors';
import { type JsonObject, isObject } from '../base/json';
import { closest } from '../base/suggest';
import { defaultLabels } from '../options/labels';
import { type Family, families } from '../sampling/family';

/** What config.json says. */
export interface ModelConfig {
  family: Family;
  /** Frames a clip. */
  frames: number;
  /** Height and width of the pixels that the model takes. */
  size: { height: number; width: number };
  /** Length of the embedding. */
  width: number;
  /** One label a class, in the order of the logits; empty for a self-supervised checkpoint. */
  labels: string[];
  /** The top level, flattened as models/programs/README.md says. */
  numbers: Record<string, number>;
}

/** Where a field is absent, the defaults of transformers' configuration classes hold. */
const defaultFrames: Record<Family, number> = { vivit: 32, timesformer: 8, videomae: 16 };
const defaultSize = 224;
const defaultWidth = 768;
const defaultHeads = 12;
const defaultPatch = 16;

/** transformers' default number of classes: `id2label` used not to be saved when there were two. */
const defaultClasses = 2;

/**
 * Checks config.json.
 *
 * @param file - Its path, for messages.
 * @throws TubeletError MODEL_INVALID
 */
export function readConfig(config: JsonObject, file: string): ModelConfig {
  const family = readFamily(config, file);
  for (const [name, kind] of Object.entries(kinds)) check(config, name, kind, file);
  const labels = readLabels(config, file);
  const frames = number(config, 'num_frames', defaultFrames[family]);
  const width = number(config, 'hidden_size', defaultWidth);
  const [height = defaultSize, imageWidth = defaultSize] = readSides(config, 'image_size', defaultSize, file);

  const patch = readPatch(config, family, file);
  requireMultiple(height, 'image_size', patch.height, patch.names.side, file);
  requireMultiple(imageWidth, 'image_size', patch.width, patch.names.side, file);
  requireMultiple(frames, 'num_frames', patch.frames, patch.names.frames, file);
  requireMultiple(
    width,
    'hidden_size',
    number(config, 'num_attention_heads', defaultHeads),
    'num_attention_heads',
    file,
  );
  return {
    family,
    frames,
    size: { height, width: imageWidth },
    width,
    labels,
    numbers: { ...flatten(config), num_labels: labels.length },
  };
}

/** What a field must be where it is there at all. */
interface Kind {
  allowed: string;
  accepts: (value: unknown) => boolean;
}

const flag: Kind = { allowed: 'true or false', accepts: (value) => typeof value === 'boolean' };
const word: Kind = { allowed: 'a string', accepts: (value) => typeof value === 'string' };

function whole(most: number): Kind {
  const accepts = (value: unknown): boolean =>
    Number.isInteger(value) && (value as number) > 0 && (value as number) <= most;
  return { allowed: `a whole number from 1 to ${most}`, accepts };
}

/**
 * The fields that a program reads, and the bounds that keep a hostile number from becoming an allocation. A program sees
 * numbers alone and would take a default for what has another type. Which activations and kinds of attention there are
 * is for the programs to say (`unsupported`).
 */
const kinds: Record<string, Kind> = {
  hidden_size: whole(65_536),
  intermediate_size: whole(262_144),
  num_hidden_layers: whole(1024),
  num_attention_heads: whole(1024),
  num_frames: whole(4096),
  num_labels: { allowed: 'a whole number from 0 to 65536', accepts: (value) => value === 0 || isCount(value) },
  num_channels: { allowed: '3, as frames have them', accepts: (value) => value === 3 },
  layer_norm_eps: {
    allowed: 'a number from 0 to below 1',
    accepts: (value) => typeof value === 'number' && value >= 0 && value < 1,
  },
  qkv_bias: flag,
  qv_bias: flag,
  use_mean_pooling: flag,
  hidden_act: word,
  attention_type: word,
  architectures: {
    allowed: 'a list of class names',
    accepts: (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
  },
};

function check(config: JsonObject, name: string, { allowed, accepts }: Kind, file: string): void {
  const value = config[name];
  if (value !== undefined && value !== null && !accepts(value)) throw wrong(file, name, value, allowed);
}

/** What one token stands for, and the fields that say so. */
interface Patch {
  frames: number;
  height: number;
  width: number;
  names: { frames: string; side: string };
}

function readPatch(config: JsonObject, family: Family, file: string): Patch {
  if (family === 'vivit') {
    const size = config['tubelet_size'] ?? [2, defaultPatch, defaultPatch];
    const [frames, height, width, ...more] = Array.isArray(size) ? (size as unknown[]) : [];
    if (!isSide(frames) || !isSide(height) || !isSide(width) || more.length > 0) {
      throw wrong(file, 'tubelet_size', size, '[frames, height, width]');
    }
    return { frames, height, width, names: { frames: 'tubelet_size', side: 'tubelet_size' } };
  }
  const [height = defaultPatch, width = defaultPatch] = readSides(config, 'patch_size', defaultPatch, file);
  const names = { frames: 'tubelet_size', side: 'patch_size' };
  if (family === 'timesformer') return { frames: 1, height, width, names };
  check(config, 'tubelet_size', whole(largestSide), file);
  return { frames: number(config, 'tubelet_size', 2), height, width, names };
}

/** A remainder would be dropped in silence: a strip of the picture, or the last frames. */
function requireMultiple(value: number, name: string, divisor: number, of: string, file: string): void {
  if (value % divisor === 0) return;
  throw invalid(file, `'${name}' is ${value}, which is no multiple of ${divisor} ('${of}')`);
}

function readFamily(config: JsonObject, file: string): Family {
  const type = config['model_type'];
  const family = families.find((name) => name === type);
  if (family !== undefined) return family;
  if (typeof type !== 'string') throw invalid(file, `has no 'model_type'; tubelet runs ${families.join(', ')}`);
  const suggestion = closest(type, families);
  const question = suggestion === undefined ? '' : ` (did you mean '${suggestion}'?)`;
  throw invalid(file, `has the model_type '${type}'${question}; tubelet runs ${families.join(', ')}`);
}

/** The class names without a classifier's head, such as VideoMAEForPreTraining, have no labels. */
function isClassifier(config: JsonObject): boolean {
  const architectures = config['architectures'];
  if (!Array.isArray(architectures)) return isObject(config['id2label']);
  return architectures.some((name) => typeof name === 'string' && name.endsWith('ForVideoClassification'));
}

function readLabels(config: JsonObject, file: string): string[] {
  if (!isClassifier(config)) return [];

  const stated = config['num_labels'];
  const byIndex = config['id2label'];
  if (byIndex === undefined || byIndex === null) {
    const classes = number(config, 'num_labels', defaultClasses);
    if (classes === 0) throw wrong(file, 'num_labels', 0, 'at least 1 in a classifier');
    return defaultLabels(classes);
  }

  if (!isObject(byIndex)) throw invalid(file, `'id2label' must map class numbers to names`);
  const classes = Object.keys(byIndex).length;
  if (classes === 0) throw invalid(file, `'id2label' is empty`);
  const labels = Array.from({ length: classes }, (_, index) => {
    const label = byIndex[String(index)];
    if (typeof label !== 'string') {
      throw invalid(file, `'id2label' has ${classes} entries but no name for class ${index}`);
    }
    return label;
  });
  if (stated !== undefined && stated !== classes) {
    throw invalid(file, `'num_labels' is ${JSON.stringify(stated)} but 'id2label' has ${classes} entries`);
  }
  return labels;
}

/** Height and width of a field that is one number or a pair. */
function readSides(config: JsonObject, name: string, absent: number, file: string): number[] {
  const value = config[name] ?? absent;
  const sides: unknown[] = Array.isArray(value) ? value : [value, value];
  if (sides.length !== 2 || !sides.every(isSide)) throw wrong(file, name, value, 'a number or [height, width]');
  return sides;
}

function flatten(config: JsonObject): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const [name, value] of Object.entries(config)) {
    // JSON's 1e999 is Infinity here; nothing in a real configuration is, and no program could use it.
    if (typeof value === 'number' && Number.isFinite(value)) numbers[name] = value;
    else if (typeof value === 'boolean') numbers[name] = Number(value);
    else if (typeof value === 'string') numbers[`${name}.${value}`] = 1;
    else if (Array.isArray(value) && value.every((element): element is number => Number.isFinite(element))) {
      for (const [index, element] of value.entries()) numbers[`${name}.${index}`] = element;
    }
  }
  return numbers;
}

/** More classes than any data set has. */
const largestCount = 65_536;
const largestSide = 4096;

function isCount(value: unknown): value is number {
  return whole(largestCount).accepts(value);
}

function isSide(value: unknown): value is number {
  return whole(largestSide).accepts(value);
}

/** A field that has been checked. */
function number(config: JsonObject, name: string, absent: number): number {
  return (config[name] ?? absent) as number;
}

function wrong(file: string, name: string, value: unknown, allowed: string): TubeletError {
  return invalid(file, `'${name}' is ${JSON.stringify(value)} but must be ${allowed}`);
}

function invalid(file: string, reason: string): TubeletError {
  return new TubeletError('MODEL_INVALID', `${file}: ${reason}`);
}
