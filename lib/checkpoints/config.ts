/**
 * A checkpoint's config.json: which family it belongs to, its labels, and the numbers that the program asks for.
 *
 * @module
 */
import { Fields, didYouMean } from '../base/fields';
import { type JsonObject, isObject } from '../base/json';
import { largestSide, mostFrames, mostLabels } from '../base/limits';
import { type Rule, boolean, integer, string } from '../base/rules';
import { defaultLabels } from '../options/labels';
import type { Scores } from '../options/scores';
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
  /** How its logits become scores. */
  scores: Scores;
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
  const fields = new Fields(config, file);
  const family = readFamily(fields);
  for (const [name, rule] of Object.entries<Rule<unknown>>(rules)) fields.read(name, rule);
  const labels = readLabels(fields);
  const frames = fields.read('num_frames', rules.num_frames) ?? defaultFrames[family];
  const width = fields.read('hidden_size', rules.hidden_size) ?? defaultWidth;
  const heads = fields.read('num_attention_heads', rules.num_attention_heads) ?? defaultHeads;
  const [height, imageWidth] = readSides(fields, 'image_size', defaultSize);

  const patch = readPatch(fields, family);
  requireMultiple(fields, 'image_size', height, patch.height, patch.names.side);
  requireMultiple(fields, 'image_size', imageWidth, patch.width, patch.names.side);
  requireMultiple(fields, 'num_frames', frames, patch.frames, patch.names.frames);
  requireMultiple(fields, 'hidden_size', width, heads, 'num_attention_heads');
  return {
    family,
    frames,
    size: { height, width: imageWidth },
    width,
    labels,
    scores: config['problem_type'] === 'multi_label_classification' ? 'sigmoid' : 'softmax',
    numbers: { ...flatten(config), num_labels: labels.length },
  };
}

const side = integer(1, largestSide);

type Pair = [number, number];

/** Height and width, or the side of a square. */
const sides: Rule<number | Pair> = {
  allowed: 'a number or [height, width]',
  accepts: (value): value is number | Pair => side.accepts(value) || isListOfSides(value, 2),
};

const triple: Rule<[number, number, number]> = {
  allowed: '[frames, height, width]',
  accepts: (value): value is [number, number, number] => isListOfSides(value, 3),
};

function isListOfSides(value: unknown, length: number): boolean {
  return Array.isArray(value) && value.length === length && value.every(side.accepts);
}

/**
 * The fields that a program reads. A program sees numbers alone and would take a default for what has another type.
 * Which activations and kinds of attention there are is for the programs to say (`unsupported`).
 */
const rules = {
  hidden_size: integer(1, 65_536),
  intermediate_size: integer(1, 262_144),
  num_hidden_layers: integer(1, 1024),
  num_attention_heads: integer(1, 1024),
  num_frames: integer(1, mostFrames),
  num_labels: integer(0, mostLabels),
  num_channels: { allowed: '3, as frames have them', accepts: (value): value is number => value === 3 },
  layer_norm_eps: {
    allowed: 'a number from 0 to below 1',
    accepts: (value): value is number => typeof value === 'number' && value >= 0 && value < 1,
  },
  qkv_bias: boolean,
  qv_bias: boolean,
  use_mean_pooling: boolean,
  hidden_act: string,
  attention_type: string,
  architectures: {
    allowed: 'a list of class names',
    accepts: (value): value is string[] => Array.isArray(value) && value.every(string.accepts),
  },
} satisfies Record<string, Rule<unknown>>;

/** What one token stands for, and the fields that say so. */
interface Patch {
  frames: number;
  height: number;
  width: number;
  names: { frames: string; side: string };
}

function readPatch(fields: Fields, family: Family): Patch {
  if (family === 'vivit') {
    const [frames, height, width] = fields.read('tubelet_size', triple) ?? [2, defaultPatch, defaultPatch];
    return { frames, height, width, names: { frames: 'tubelet_size', side: 'tubelet_size' } };
  }
  const [height, width] = readSides(fields, 'patch_size', defaultPatch);
  const names = { frames: 'tubelet_size', side: 'patch_size' };
  const frames = family === 'timesformer' ? 1 : (fields.read('tubelet_size', side) ?? 2);
  return { frames, height, width, names };
}

/** A remainder would be dropped in silence: a strip of the picture, or the last frames. */
function requireMultiple(fields: Fields, name: string, value: number, divisor: number, of: string): void {
  if (value % divisor === 0) return;
  throw fields.invalid(`'${name}' is ${value}, which is not a multiple of ${divisor} ('${of}')`);
}

function readFamily(fields: Fields): Family {
  const type = fields.object['model_type'];
  const family = families.find((name) => name === type);
  if (family !== undefined) return family;
  if (typeof type !== 'string') throw fields.invalid(`has no 'model_type'; tubelet runs ${families.join(', ')}`);
  throw fields.invalid(
    `has the model_type '${type}'${didYouMean(type, families)}; tubelet runs ${families.join(', ')}`,
  );
}

/** The class names without a classifier's head, such as VideoMAEForPreTraining, have no labels. */
function isClassifier(fields: Fields): boolean {
  const architectures = fields.read('architectures', rules.architectures);
  if (architectures === undefined) return isObject(fields.object['id2label']);
  return architectures.some((name) => name.endsWith('ForVideoClassification'));
}

function readLabels(fields: Fields): string[] {
  if (!isClassifier(fields)) return [];

  const stated = fields.read('num_labels', rules.num_labels);
  const byIndex = fields.object['id2label'];
  if (byIndex === undefined || byIndex === null) {
    if (stated === 0) throw fields.wrong('num_labels', 'at least 1 in a classifier');
    return defaultLabels(stated ?? defaultClasses);
  }

  if (!isObject(byIndex)) throw fields.invalid(`'id2label' must map class numbers to names`);
  const classes = Object.keys(byIndex).length;
  if (classes === 0) throw fields.invalid(`'id2label' is empty`);
  const labels = Array.from({ length: classes }, (_, index) => {
    const label = byIndex[String(index)];
    if (typeof label !== 'string' && typeof label !== 'number') {
      throw fields.invalid(`'id2label' has ${classes} entries but no name for class ${index}`);
    }
    return String(label);
  });
  if (stated !== undefined && stated !== classes) {
    throw fields.invalid(`'num_labels' is ${stated} but 'id2label' has ${classes} entries`);
  }
  return labels;
}

/** Height and width of a field that is one number or a pair. */
function readSides(fields: Fields, name: string, absent: number): Pair {
  const value = fields.read(name, sides) ?? absent;
  return typeof value === 'number' ? [value, value] : value;
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
