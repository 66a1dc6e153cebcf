/**
 * From a Hugging Face preprocessor configuration to the numbers of the native preprocessing.
 *
 * The rules are those of transformers' image and video processors: a missing field takes the default of the processor's
 * class, `size` and `crop_size` come in several spellings, `resample` is one of PIL's codes.
 *
 * @module
 */
import { TubeletError } from '../base/errors';
import { Fields } from '../base/fields';
import { type JsonObject, isObject } from '../base/json';
import { largestResizedSide } from '../base/limits';
import { type Rule, boolean, integer, positive } from '../base/rules';
import type { NativePreprocessing } from '../native/binding';
import type { Family } from '../sampling/family';
import { type Channels, type Kind, type Processor, processorOf } from './processors';

/** Pixels. */
export interface PixelSize {
  height: number;
  width: number;
}

/** PIL's codes. Lanczos (1), box (4) and Hamming (5) have no counterpart in every version of ATen. */
const interpolations = new Map<unknown, NativePreprocessing['interpolation']>([
  [0, 'nearest'],
  [2, 'bilinear'],
  [3, 'bicubic'],
]);

/** From -1 to 1, as ViViT was trained: the published processors rescale to that range, and then normalise once more. */
export const paperRange = { rescaleFactor: 1 / 127.5, offset: true, normalize: false } as const;

/**
 * Checks a preprocessor's configuration.
 *
 * @param config - The object itself, already taken out of a processor_config.json.
 * @param file - Where it came from, for messages.
 * @param family - Decides the class, together with `kind`, when the configuration does not name it.
 * @throws TubeletError MODEL_INVALID: a class that is not known, or a field that has a wrong type or asks for something
 *   that tubelet does not do.
 */
export function readPreprocessing(
  config: JsonObject,
  file: string,
  family: Family,
  kind: Kind = 'image',
): NativePreprocessing {
  const fields = new Fields(config, file);
  const processor = processorOf(fields, family, kind);
  for (const name of ['do_pad', 'use_square_size']) {
    if (flag(fields, name, false)) throw fields.wrong(name, 'false: this version does not do that');
  }
  const rescale = flag(fields, 'do_rescale', true);
  const subtracts = processor.numpy ? flag(fields, 'offset', processor.offset) : processor.offset;

  return {
    ...readGeometry(fields, processor),
    interpolation: readInterpolation(fields, processor.resample),
    antialias: true, // as transformers' processors do; the papers' own code does not
    padFrontMore: processor.numpy,
    rescaleFactor: rescale ? (fields.read('rescale_factor', positive(1e6)) ?? processor.rescaleFactor) : 1,
    offset: rescale && subtracts,
    normalize: flag(fields, 'do_normalize', true),
    mean: readChannels(fields, 'image_mean', processor.mean),
    std: readDeviations(fields, processor.std),
  };
}

/**
 * The configuration that {@link readPreprocessing} reads as these numbers, for any family. It has no word for
 * `antialias`.
 */
export function preprocessorConfig(preprocessing: NativePreprocessing): JsonObject {
  const { resize, resizeHeight, resizeWidth, cropHeight, cropWidth, rescaleFactor, offset } = preprocessing;
  const [resample] = [...interpolations].find(([, name]) => name === preprocessing.interpolation) ?? [];
  return {
    ...classOf(preprocessing),
    do_resize: resize !== 'none',
    size: resize === 'exact' ? { height: resizeHeight, width: resizeWidth } : { shortest_edge: resizeHeight },
    resample,
    do_center_crop: cropHeight > 0,
    crop_size: { height: cropHeight, width: cropWidth },
    do_rescale: true,
    rescale_factor: rescaleFactor,
    offset,
    do_normalize: preprocessing.normalize,
    image_mean: preprocessing.mean,
    image_std: preprocessing.std,
  };
}

/** The class that does what the fields have no word for. */
function classOf({ padFrontMore, offset }: NativePreprocessing): JsonObject {
  if (padFrontMore) return { image_processor_type: 'VivitImageProcessor' };
  return offset ? { video_processor_type: 'VivitVideoProcessor' } : { image_processor_type: 'VideoMAEImageProcessor' };
}

/** How large the pixels are whatever the video, or `undefined` where it decides. */
export function pixelSize(preprocessing: NativePreprocessing): PixelSize | undefined {
  const { resize, resizeHeight, resizeWidth, cropHeight, cropWidth } = preprocessing;
  if (cropHeight > 0) return { height: cropHeight, width: cropWidth };
  return resize === 'exact' ? { height: resizeHeight, width: resizeWidth } : undefined;
}

/**
 * Makes sure that what comes out is as large as what the model takes.
 *
 * @param published - The size that a published checkpoint is known to take. The preprocessor's configuration of
 *   facebook/timesformer-hr-finetuned-ssv2 was saved for 224 pixels where the model takes 448: such a one is scaled up.
 * @param folder - The checkpoint's, for messages.
 * @throws TubeletError MODEL_INVALID: names both sizes, or says that the video would decide.
 */
export function fitToModel(
  preprocessing: NativePreprocessing,
  size: PixelSize,
  published: number | undefined,
  folder: string,
): NativePreprocessing {
  const made = pixelSize(preprocessing);
  const { cropHeight, cropWidth, resize, resizeHeight, resizeWidth } = preprocessing;
  if (made === undefined) {
    const what = resize === 'none' ? 'leaves frames as large as they are' : `scales the short side to ${resizeHeight}`;
    throw new TubeletError(
      'MODEL_INVALID',
      `The preprocessor's configuration in ${folder} ${what} and crops nothing, so that the size of the pixels depends ` +
        `on the video, but the model takes ${size.height} x ${size.width} ('image_size' in config.json). Set ` +
        `"do_center_crop": true with "crop_size": { "height": ${size.height}, "width": ${size.width} }, or the same ` +
        'as "size" to stretch frames',
    );
  }
  if (made.height === size.height && made.width === size.width) return preprocessing;

  if (published === size.height && published === size.width && made.height === made.width) {
    const scaled = (side: number): number => Math.round((side * published) / made.height);
    return {
      ...preprocessing,
      resizeHeight: scaled(resizeHeight),
      resizeWidth: scaled(resizeWidth),
      cropHeight: scaled(cropHeight),
      cropWidth: scaled(cropWidth),
    };
  }
  const field = cropHeight > 0 ? 'crop_size' : 'size';
  throw new TubeletError(
    'MODEL_INVALID',
    `The preprocessor's configuration in ${folder} makes pixels of ${made.height} x ${made.width} ('${field}'), but ` +
      `the model takes ${size.height} x ${size.width} ('image_size' in config.json)`,
  );
}

type Resize = Pick<NativePreprocessing, 'resize' | 'resizeHeight' | 'resizeWidth'>;
type Geometry = Resize & Pick<NativePreprocessing, 'cropHeight' | 'cropWidth'>;

function readGeometry(fields: Fields, processor: Processor): Geometry {
  const resize = readResize(fields, processor);
  const crop = readCrop(fields, processor);
  if (processor.cropShare === undefined || resize.resize === 'none') return { ...resize, ...crop };
  return convnext(fields, resize, crop, processor.cropShare);
}

/** ConvNeXT's: from 384 on it stretches to a square; below, it scales to somewhat more and crops to `size`. */
function convnext(fields: Fields, resize: Resize, crop: Crop, cropShare: number): Geometry {
  const edge = resize.resizeHeight;
  if (resize.resize !== 'shortest-edge') throw fields.wrong('size', 'a number or { shortest_edge } for this class');
  if (edge >= 384) return { ...exact(squareOf(edge)), ...crop };

  const larger = Math.floor(edge / (fields.read('crop_pct', positive(1)) ?? cropShare));
  if (larger > largestResizedSide)
    throw fields.wrong('crop_pct', `large enough: the short side would have ${larger} pixels`);
  if (crop.cropHeight > 0 && (crop.cropHeight !== edge || crop.cropWidth !== edge)) {
    throw fields.wrong('crop_size', `${edge}, to which this class crops already ('size')`);
  }
  return { ...shortest(larger), cropHeight: edge, cropWidth: edge };
}

const side = integer(1, largestResizedSide);

/** [height, width] or { height, width }. */
function pairOf(value: unknown): PixelSize | undefined {
  const [height, width] = Array.isArray(value)
    ? (value as unknown[])
    : isObject(value) && Object.keys(value).length === 2
      ? [value['height'], value['width']]
      : [];
  return side.accepts(height) && side.accepts(width) ? { height, width } : undefined;
}

function shortestEdgeOf(value: unknown): number | undefined {
  if (!isObject(value) || Object.keys(value).length !== 1) return undefined;
  return side.accepts(value['shortest_edge']) ? value['shortest_edge'] : undefined;
}

function readResize(fields: Fields, processor: Processor): Resize {
  if (!flag(fields, 'do_resize', true)) return { resize: 'none', resizeHeight: 0, resizeWidth: 0 };

  const size = fields.object['size'] ?? processor.size;
  const square = processor.numpy ? processor.square : flag(fields, 'default_to_square', processor.square);
  if (side.accepts(size)) return square ? exact(squareOf(size)) : shortest(size);
  const edge = shortestEdgeOf(size);
  if (edge !== undefined) return shortest(edge);
  const pair = pairOf(size);
  if (pair !== undefined) return exact(pair);
  throw fields.wrong('size', 'a number, { shortest_edge } or { height, width }');
}

function exact({ height, width }: PixelSize): Resize {
  return { resize: 'exact', resizeHeight: height, resizeWidth: width };
}

function shortest(edge: number): Resize {
  return { resize: 'shortest-edge', resizeHeight: edge, resizeWidth: edge };
}

function squareOf(length: number): PixelSize {
  return { height: length, width: length };
}

type Crop = Pick<NativePreprocessing, 'cropHeight' | 'cropWidth'>;

function readCrop(fields: Fields, processor: Processor): Crop {
  if (!flag(fields, 'do_center_crop', processor.crop !== null)) return { cropHeight: 0, cropWidth: 0 };
  const size = fields.object['crop_size'] ?? processor.crop;
  if (size === null) throw fields.invalid("'do_center_crop' is true, but there is no 'crop_size'");
  const pair = side.accepts(size) ? squareOf(size) : pairOf(size);
  if (pair === undefined) throw fields.wrong('crop_size', 'a number or { height, width }');
  return { cropHeight: pair.height, cropWidth: pair.width };
}

/** A flag that is `null` is off, as in Python, and does not have its default. */
function flag(fields: Fields, name: string, absent: boolean): boolean {
  return fields.object[name] === null ? false : (fields.read(name, boolean) ?? absent);
}

function readInterpolation(fields: Fields, absent: number): NativePreprocessing['interpolation'] {
  const interpolation = interpolations.get(fields.object['resample'] ?? absent);
  if (interpolation === undefined) throw fields.wrong('resample', '0 (nearest), 2 (bilinear) or 3 (bicubic)');
  return interpolation;
}

const channelsRule: Rule<number | Channels> = {
  allowed: 'a number or one for each of red, green and blue',
  accepts: (value): value is number | Channels =>
    Array.isArray(value) ? value.length === 3 && value.every(Number.isFinite) : Number.isFinite(value),
};

function readChannels(fields: Fields, name: string, absent: Channels): Channels {
  const value = fields.read(name, channelsRule) ?? absent;
  return typeof value === 'number' ? [value, value, value] : value;
}

function readDeviations(fields: Fields, absent: Channels): Channels {
  const deviations = readChannels(fields, 'image_std', absent);
  if (deviations.includes(0)) throw fields.wrong('image_std', 'free of zeros');
  return deviations;
}
