/**
 * A checkpoint's config.json: which family it belongs to, its labels, and the numbers that the program asks for.
 *
 * @module
 */
import { TubeletError } from './errors';
import { type JsonObject, isObject } from './json';
import { closest } from './suggest';

/** The architectures that tubelet runs. */
export const families = ['vivit', 'timesformer', 'videomae'] as const;

/** The architecture of a checkpoint: ViViT, TimeSformer or VideoMAE. */
export type Family = (typeof families)[number];

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
  const labels = readLabels(config, file);
  return {
    family,
    frames: count(config, 'num_frames', defaultFrames[family], file),
    size: readSize(config['image_size'], file),
    width: count(config, 'hidden_size', defaultWidth, file),
    labels,
    numbers: { ...flatten(config), num_labels: labels.length },
  };
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
    const classes = stated === undefined ? defaultClasses : count(config, 'num_labels', defaultClasses, file);
    return Array.from({ length: classes }, (_, index) => `LABEL_${index}`);
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

function readSize(size: unknown, file: string): { height: number; width: number } {
  const square = [size ?? defaultSize, size ?? defaultSize];
  const [height, width] = Array.isArray(size) ? (size as unknown[]) : square;
  if (!isCount(height) || !isCount(width)) throw invalid(file, `'image_size' must be a number or [height, width]`);
  return { height, width };
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

/** A generous bound on frames, pixels, classes and widths: it keeps a hostile number from becoming an allocation. */
const largestCount = 65_536;

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= largestCount;
}

function count(config: JsonObject, name: string, absent: number, file: string): number {
  const value = config[name] ?? absent;
  if (!isCount(value)) throw invalid(file, `'${name}' must be a whole number from 1 to ${largestCount}`);
  return value;
}

function invalid(file: string, reason: string): TubeletError {
  return new TubeletError('MODEL_INVALID', `${file}: ${reason}`);
}
