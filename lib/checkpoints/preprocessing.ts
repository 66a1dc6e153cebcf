/**
 * From a Hugging Face preprocessor configuration to the numbers of the native preprocessing.
 *
 * The rules are those of transformers' image and video processors: a missing field takes the default of the processor's
 * class, `size` and `crop_size` come in several spellings, `resample` is one of PIL's codes.
 *
 * @module
 */
import { TubeletError } from '../base/errors';
import { type JsonObject, isObject } from '../base/json';
import type { NativePreprocessing } from '../native/binding';
import type { Family } from '../sampling/family';

type Channels = [number, number, number];

/** The defaults in which the processors' classes differ. */
interface Defaults {
  shortestEdge: number;
  rescaleFactor: number;
  /** Subtract 1 after rescaling. */
  offset: boolean;
  mean: Channels;
  std: Channels;
}

const half: Channels = [0.5, 0.5, 0.5];

/** VideoMAEImageProcessor (which the TimeSformer checkpoints use as well) and VideoMAEVideoProcessor. */
const videomae: Defaults = { shortestEdge: 224, rescaleFactor: 1 / 255, offset: false, mean: half, std: half };

/** VivitImageProcessor and VivitVideoProcessor. */
const vivit: Defaults = { shortestEdge: 256, rescaleFactor: 1 / 127.5, offset: true, mean: half, std: half };

/** TimesformerVideoProcessor. */
const timesformer: Defaults = { ...videomae, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

const defaultCrop = { height: 224, width: 224 };
const noCrop = { height: 0, width: 0 };

/** PIL's codes. Lanczos (1), box (4) and Hamming (5) have no counterpart in ATen. */
const interpolations = new Map<unknown, NativePreprocessing['interpolation']>([
  [0, 'nearest'],
  [2, 'bilinear'],
  [3, 'bicubic'],
]);
const defaultResample = 2;

/** From -1 to 1, as ViViT was trained: the published processors rescale to that range, and then normalise once more. */
export const paperRange = { rescaleFactor: vivit.rescaleFactor, offset: true, normalize: false } as const;

/** A bound that no real configuration meets: it keeps a hostile number from becoming an allocation. */
const largestSide = 8192;

/**
 * Checks a preprocessor's configuration.
 *
 * @param config - The object itself, already taken out of a processor_config.json.
 * @param file - Where it came from, for messages.
 * @param family - Decides the defaults when the configuration does not name its class.
 * @throws TubeletError MODEL_INVALID: a field has a wrong type or asks for something that tubelet does not do.
 */
export function readPreprocessing(config: JsonObject, file: string, family: Family): NativePreprocessing {
  const type = className(config);
  const defaults = defaultsOf(type, family);
  const rescale = boolean(config, 'do_rescale', true, file);
  // VivitVideoProcessor subtracts 1 whenever it rescales, and knows no such field.
  const offset = type === 'vivitvideoprocessor' || boolean(config, 'offset', defaults.offset, file);
  if (boolean(config, 'do_pad', false, file)) throw invalid(file, 'do_pad', true, 'false: frames are not padded');
  const crop = boolean(config, 'do_center_crop', true, file) ? readCrop(config['crop_size'], file) : noCrop;

  return {
    ...readResize(config, defaults.shortestEdge, file),
    interpolation: readInterpolation(config['resample'], file),
    antialias: true, // as transformers' processors do; the papers' own code does not
    cropHeight: crop.height,
    cropWidth: crop.width,
    rescaleFactor: rescale ? readRescaleFactor(config['rescale_factor'], defaults.rescaleFactor, file) : 1,
    offset: rescale && offset,
    normalize: boolean(config, 'do_normalize', true, file),
    mean: readChannels(config, 'image_mean', defaults.mean, file),
    std: readDeviations(config, defaults.std, file),
  };
}

/**
 * The configuration that {@link readPreprocessing} reads as these numbers, for any family. It has no word for
 * `antialias`.
 */
export function preprocessorConfig(preprocessing: NativePreprocessing): JsonObject {
  const { resize, resizeHeight, resizeWidth, cropHeight, cropWidth, rescaleFactor } = preprocessing;
  const [resample] = [...interpolations].find(([, name]) => name === preprocessing.interpolation) ?? [];
  return {
    do_resize: resize !== 'none',
    size: resize === 'exact' ? { height: resizeHeight, width: resizeWidth } : { shortest_edge: resizeHeight },
    resample,
    do_center_crop: cropHeight > 0,
    crop_size: { height: cropHeight, width: cropWidth },
    do_rescale: true,
    rescale_factor: rescaleFactor,
    offset: preprocessing.offset,
    do_normalize: preprocessing.normalize,
    image_mean: preprocessing.mean,
    image_std: preprocessing.std,
  };
}

/**
 * Makes sure that what comes out is as large as what the model takes.
 *
 * @param published - The size that a published checkpoint is known to take. The preprocessor's configuration of
 *   facebook/timesformer-hr-finetuned-ssv2 was saved for 224 pixels where the model takes 448: such a one is scaled up.
 * @param folder - The checkpoint's, for messages.
 * @throws TubeletError MODEL_INVALID: names both sizes.
 */
export function fitToModel(
  preprocessing: NativePreprocessing,
  size: { height: number; width: number },
  published: number | undefined,
  folder: string,
): NativePreprocessing {
  const { resize, resizeHeight, resizeWidth, cropHeight, cropWidth } = preprocessing;
  const crops = cropHeight > 0;
  if (!crops && resize !== 'exact') return preprocessing; // the video decides
  const [height, width] = crops ? [cropHeight, cropWidth] : [resizeHeight, resizeWidth];
  if (height === size.height && width === size.width) return preprocessing;

  if (published === size.height && published === size.width && height === width) {
    const scaled = (side: number): number => Math.round((side * published) / height);
    return {
      ...preprocessing,
      resizeHeight: scaled(resizeHeight),
      resizeWidth: scaled(resizeWidth),
      cropHeight: scaled(cropHeight),
      cropWidth: scaled(cropWidth),
    };
  }
  const fields = crops ? 'crop_size' : 'size';
  throw new TubeletError(
    'MODEL_INVALID',
    `The preprocessor's configuration in ${folder} makes pixels of ${height} x ${width} ('${fields}'), but the model ` +
      `takes ${size.height} x ${size.width} ('image_size' in config.json)`,
  );
}

function className(config: JsonObject): string {
  const fields = ['video_processor_type', 'image_processor_type', 'feature_extractor_type'];
  const name = fields.map((field) => config[field]).find((value) => typeof value === 'string');
  return typeof name === 'string' ? name.toLowerCase() : '';
}

function defaultsOf(type: string, family: Family): Defaults {
  if (type.startsWith('vivit')) return vivit;
  if (type.startsWith('timesformer')) return timesformer;
  if (type.startsWith('videomae')) return videomae;
  return family === 'vivit' ? vivit : videomae;
}

type Resize = Pick<NativePreprocessing, 'resize' | 'resizeHeight' | 'resizeWidth'>;

/** `size`: a number means the shortest edge, a pair or `{ height, width }` the exact size. */
function readResize(config: JsonObject, defaultEdge: number, file: string): Resize {
  if (!boolean(config, 'do_resize', true, file)) return { resize: 'none', resizeHeight: 0, resizeWidth: 0 };

  const size = config['size'] ?? defaultEdge;
  if (isSide(size)) return { resize: 'shortest-edge', resizeHeight: size, resizeWidth: size };
  const exact = readPair(size);
  if (exact !== undefined) return { resize: 'exact', resizeHeight: exact.height, resizeWidth: exact.width };
  if (isObject(size) && Object.keys(size).length === 1 && isSide(size['shortest_edge'])) {
    return { resize: 'shortest-edge', resizeHeight: size['shortest_edge'], resizeWidth: size['shortest_edge'] };
  }
  throw invalid(file, 'size', size, 'a number, { shortest_edge } or { height, width }');
}

/** `crop_size`: a number means a square. */
function readCrop(size: unknown, file: string): { height: number; width: number } {
  if (size === undefined || size === null) return defaultCrop;
  if (isSide(size)) return { height: size, width: size };
  const pair = readPair(size);
  if (pair === undefined) throw invalid(file, 'crop_size', size, 'a number or { height, width }');
  return pair;
}

function readPair(size: unknown): { height: number; width: number } | undefined {
  const [height, width] = Array.isArray(size)
    ? (size as unknown[])
    : isObject(size) && Object.keys(size).length === 2
      ? [size['height'], size['width']]
      : [];
  return isSide(height) && isSide(width) ? { height, width } : undefined;
}

function readInterpolation(code: unknown, file: string): NativePreprocessing['interpolation'] {
  const interpolation = interpolations.get(code ?? defaultResample);
  if (interpolation === undefined) {
    throw invalid(file, 'resample', code, '0 (nearest), 2 (bilinear) or 3 (bicubic)');
  }
  return interpolation;
}

function readRescaleFactor(value: unknown, absent: number, file: string): number {
  const factor = value ?? absent;
  if (!isFinite(factor) || factor <= 0) throw invalid(file, 'rescale_factor', value, 'a number above 0');
  return factor;
}

function readChannels(config: JsonObject, field: string, absent: Channels, file: string): Channels {
  const value = config[field] ?? absent;
  const [red, green, blue, ...more] = Array.isArray(value) ? (value as unknown[]) : [value, value, value];
  if (!isFinite(red) || !isFinite(green) || !isFinite(blue) || more.length > 0) {
    throw invalid(file, field, value, 'a number or one for each of red, green and blue');
  }
  return [red, green, blue];
}

function readDeviations(config: JsonObject, absent: Channels, file: string): Channels {
  const deviations = readChannels(config, 'image_std', absent, file);
  if (deviations.includes(0)) throw invalid(file, 'image_std', deviations, 'free of zeros');
  return deviations;
}

function boolean(config: JsonObject, field: string, absent: boolean, file: string): boolean {
  const value = config[field] ?? absent;
  if (typeof value !== 'boolean') throw invalid(file, field, value, 'true or false');
  return value;
}

function isFinite(value: unknown): value is number {
  return Number.isFinite(value);
}

function isSide(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= largestSide;
}

function invalid(file: string, field: string, value: unknown, allowed: string): TubeletError {
  return new TubeletError('MODEL_INVALID', `${file}: '${field}' is ${JSON.stringify(value)} but must be ${allowed}`);
}
