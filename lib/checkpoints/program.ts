/**
 * TorchScript files: programs with their weights, exports of tubelet's own and anybody else's. Loading one executes it,
 * so it is not read until the caller says that it is trusted.
 *
 * @module
 */
import { dirname } from 'node:path';

import { abortable } from '../base/abort';
import { TubeletError } from '../base/errors';
import { identify } from '../base/files';
import { mostFrames } from '../base/limits';
import { type Values, boolean, integer, invalid } from '../base/rules';
import type { NativeModel, NativePreprocessing } from '../native/binding';
import { runTask } from '../native/run-task';
import { openBinding } from '../native/runtime';
import { defaultLabels, requireCount } from '../options/labels';
import type { Family } from '../sampling/family';
import { nominalFps, respaced } from '../sampling/sampling';
import type { Checkpoint } from './checkpoint';
import { pixelSize, readPreprocessing } from './preprocessing';
import {
  type Channels,
  type Metadata,
  type Size,
  layoutRule,
  meanRule,
  readMetadata,
  sizeRule,
  stdRule,
} from './program-metadata';

/** Options of {@link load} about TorchScript files. What such a file says itself need not be said again. */
export interface ProgramOptions {
  /**
   * Whether to execute a TorchScript file: it is a program, and can do what this process can. Makes no difference to
   * other models. Default false: UNTRUSTED_MODEL.
   */
  trust?: boolean | undefined;
  /** Frames a clip. */
  frames?: number | undefined;
  /**
   * Pixels of what the program takes. A number is a square: the shorter side is scaled to it and the middle cut out;
   * to `{ height, width }` the whole picture is stretched.
   */
  size?: Size | undefined;
  /**
   * What is subtracted from the levels, 0 to 1, before they are divided by `std`: for all channels, or red, green and
   * blue. 0.5 for both gives -1 to 1.
   */
  mean?: Channels | undefined;
  /** What the levels are divided by. With `mean` or not at all. */
  std?: Channels | undefined;
  /**
   * The order of the axes of its pixels, after the clip's: 'TCHW' as transformers' models take them,
   * [1, frames, 3, height, width], or 'CTHW', [1, 3, frames, height, width]. Default 'TCHW'.
   */
  layout?: 'TCHW' | 'CTHW' | undefined;
}

/** @internal */
export const programRules = {
  trust: boolean,
  frames: integer(1, mostFrames),
  size: sizeRule,
  mean: meanRule,
  std: stdRule,
  layout: layoutRule,
};

/** Checked {@link ProgramOptions}. */
export type ProgramRequest = Partial<Values<typeof programRules>>;

/**
 * Refuses options that say what a checkpoint's own files say.
 *
 * @throws TubeletError INVALID_ARGUMENT
 */
export function requireNoProgramOptions(request: ProgramRequest, name: string): void {
  const given = (['frames', 'size', 'mean', 'std', 'layout'] as const).find((option) => request[option] !== undefined);
  if (given === undefined) return;
  throw invalid(
    `option '${given}' is about TorchScript files (.pt): '${name}' is a checkpoint, whose own files say it`,
  );
}

/**
 * Finds out how a TorchScript file is used. Reads what it says of itself; executes nothing yet.
 *
 * @param path - Absolute; something is there.
 * @throws TubeletError UNTRUSTED_MODEL, before the file is opened; MODEL_INVALID: no TorchScript file, or its
 *   tubelet.json is wrong; INVALID_ARGUMENT: neither it nor the options say what must be known; READ_FAILED.
 */
export async function openProgram(path: string, request: ProgramRequest, signal?: AbortSignal): Promise<Checkpoint> {
  if (request.trust !== true) throw untrusted(path);
  const binding = await abortable(openBinding(), signal);
  const identity = await identify(path);
  const text = await runTask(() => binding.programMetadata(path), signal);
  if (identity === undefined) throw new TubeletError('FILE_NOT_FOUND', `There is no file ${path}`);

  const metadata = text === null ? {} : readMetadata(text, path);
  const frames = request.frames ?? metadata.frames ?? metadata.sampling?.frames;
  if (frames === undefined) throw unsaid('frames', path);
  if (metadata.sampling?.frames !== undefined && metadata.sampling.frames !== frames) {
    throw new TubeletError(
      'MODEL_INVALID',
      `${path}: its tubelet.json: 'sampling' has ${metadata.sampling.frames} frames, but the program takes ${frames}`,
    );
  }
  const family = metadata.family ?? null;
  const { size, preprocessing } = pixelsOf(request, metadata, path);
  return {
    name: path,
    folder: dirname(path),
    config: {
      family,
      frames,
      size,
      width: 0,
      labels: [...(metadata.labels ?? [])],
      scores: metadata.scores ?? 'softmax',
      numbers: {},
    },
    preprocessing: { ...preprocessing, antialias: (metadata.resize ?? 'antialias') === 'antialias' },
    sampling: respaced({ frames, stride: null, fps: nominalFps }, metadata.sampling ?? {}),
    licence: metadata.checkpoint?.licence ?? null,
    format: 'torchscript',
    weights: [identity],
    layout: request.layout ?? metadata.layout ?? 'TCHW',
    origin: metadata.checkpoint ?? null,
  };
}

/** What is known of a program once it has been tried out. */
export interface Answer {
  /** One label a class. */
  labels: string[];
  /** Numbers in an embedding; 0 when it returns none. */
  width: number;
}

/**
 * Counts labels against what a program returned.
 *
 * @param areOptions - Whether the labels are the caller's, and not the file's own.
 * @throws TubeletError MODEL_INVALID or INVALID_ARGUMENT: names both counts.
 */
export function answerOf(checkpoint: Checkpoint, native: NativeModel, areOptions: boolean): Answer {
  const { config, name } = checkpoint;
  const { classes, width } = native.answer ?? { classes: config.labels.length, width: config.width };
  if (config.labels.length === 0) return { labels: defaultLabels(classes), width };
  if (areOptions) requireCount(config.labels, classes, name);
  if (config.labels.length !== classes) {
    throw new TubeletError(
      'MODEL_INVALID',
      `${name}: its tubelet.json has ${config.labels.length} labels, but its forward returned ${classes} logits`,
    );
  }
  return { labels: config.labels, width };
}

interface Pixels {
  size: { height: number; width: number };
  preprocessing: NativePreprocessing;
}

/** The caller's `size`, and `mean` with `std`, each take the place of what the file says of the same. */
function pixelsOf(request: ProgramRequest, metadata: Metadata, path: string): Pixels {
  if ((request.mean === undefined) !== (request.std === undefined)) {
    throw invalid("options 'mean' and 'std' come together: what a picture becomes is (level - mean) / std");
  }
  if (metadata.preprocessor !== undefined && (metadata.mean !== undefined || metadata.std !== undefined)) {
    throw new TubeletError('MODEL_INVALID', `${path}: its tubelet.json has 'mean' or 'std' beside 'preprocessor'`);
  }
  const stored = metadata.preprocessor && storedPixels(metadata.preprocessor, metadata, path);
  const size = request.size ?? (stored === undefined ? metadata.size : undefined);
  const geometry = size === undefined ? stored : { ...geometryOf(size) };
  if (geometry === undefined) throw unsaid('size', path);
  if (pixelSize(geometry.preprocessing) === undefined) {
    throw new TubeletError(
      'MODEL_INVALID',
      `${path}: its tubelet.json (preprocessor) neither crops nor stretches frames, so that the size of the pixels ` +
        "depends on the video: give 'size' as an option, or save the file with a 'crop_size'",
    );
  }
  const colours =
    coloursOf(request.mean, request.std) ?? stored?.preprocessing ?? coloursOf(metadata.mean, metadata.std);
  if (colours === undefined) throw unsaid("mean' and 'std", path);
  const { rescaleFactor, offset, normalize, mean, std } = colours;
  return {
    size: geometry.size,
    preprocessing: { ...geometry.preprocessing, rescaleFactor, offset, normalize, mean, std },
  };
}

/** As the processor that the model was trained with has it. */
function storedPixels(preprocessor: Record<string, unknown>, metadata: Metadata, path: string): Pixels {
  const file = `${path}: its tubelet.json (preprocessor)`;
  const family: Family = metadata.family ?? 'videomae';
  const preprocessing = readPreprocessing(preprocessor, file, family);
  const made = pixelSize(preprocessing);
  const size = metadata.size === undefined ? made : sidesOf(metadata.size);
  if (size === undefined) throw unsaid('size', path);
  if (made !== undefined && (made.height !== size.height || made.width !== size.width)) {
    throw new TubeletError(
      'MODEL_INVALID',
      `${file} makes pixels of ${made.height} x ${made.width}, but its 'size' is ${size.height} x ${size.width}`,
    );
  }
  return { size, preprocessing };
}

function sidesOf(size: Size): { height: number; width: number } {
  return typeof size === 'number' ? { height: size, width: size } : size;
}

type Colours = Pick<NativePreprocessing, 'rescaleFactor' | 'offset' | 'normalize' | 'mean' | 'std'>;

const plainColours: Colours = {
  rescaleFactor: 1 / 255,
  offset: false,
  normalize: true,
  mean: [0, 0, 0],
  std: [1, 1, 1],
};

function geometryOf(size: Size): Pixels {
  const { height, width } = sidesOf(size);
  const square = typeof size === 'number';
  const preprocessing: NativePreprocessing = {
    ...plainColours,
    resize: square ? 'shortest-edge' : 'exact',
    resizeHeight: height,
    resizeWidth: width,
    interpolation: 'bilinear',
    antialias: true,
    cropHeight: square ? height : 0,
    cropWidth: square ? width : 0,
    padFrontMore: false,
  };
  return { size: { height, width }, preprocessing };
}

function coloursOf(mean: Channels | undefined, std: Channels | undefined): Colours | undefined {
  if (mean === undefined || std === undefined) return undefined;
  return { ...plainColours, mean: perChannel(mean), std: perChannel(std) };
}

function perChannel(value: Channels): [number, number, number] {
  const [red = 0, green = 0, blue = 0] = typeof value === 'number' ? [value, value, value] : value;
  return [red, green, blue];
}

function untrusted(path: string): TubeletError {
  return new TubeletError(
    'UNTRUSTED_MODEL',
    `${path} is a TorchScript file, and that is a program: to load it is to run what its author wrote, which can read ` +
      'and overwrite files, take all memory, or bring the process down. Nothing of it has been read. If you trust ' +
      `whoever made it, say so: load(file, { trust: true }), or --trust on the command line. A ` +
      "checkpoint in Hugging Face's layout (safetensors or .bin) is data alone, and needs no trust.",
  );
}

function unsaid(what: string, path: string): TubeletError {
  return invalid(
    `${path} does not say '${what}', and a guess would give wrong answers: give it as an option, or save the file with ` +
      'a tubelet.json that says it (docs/torchscript.md)',
  );
}
