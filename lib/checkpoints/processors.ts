/**
 * The classes of transformers that turn pictures into pixels, with what each does where its configuration says nothing.
 *
 * Known are the image processors that change nothing of transformers' common steps (resize, crop, rescale, normalise),
 * those of the three families, and ConvNeXT's. A test compares the list, and what each makes of pictures, with
 * transformers.
 *
 * @module
 */
import { type Fields, didYouMean } from '../base/fields';
import { string } from '../base/rules';
import { closest } from '../base/suggest';
import type { Family } from '../sampling/family';

/** A number for each of red, green and blue. */
export type Channels = [number, number, number];

/** One class: its defaults, and where it differs from the others. */
export interface Processor {
  /** As configurations spell it. */
  size: { shortest_edge: number } | { height: number; width: number };
  /** Whether a `size` that is one number is a square, to which the whole picture is stretched, or the shorter side. */
  square: boolean;
  /** Side of the square that is cut out of the middle; `null`: nothing is, unless the configuration says so. */
  crop: number | null;
  /** PIL's code of a filter. */
  resample: number;
  rescaleFactor: number;
  /** Whether 1 is subtracted after rescaling. */
  offset: boolean;
  mean: Channels;
  std: Channels;
  /**
   * ViViT's of old, in NumPy and PIL: `offset` can be configured and `default_to_square` cannot, and a picture smaller
   * than the crop gets the odd row or column of its border in front instead of behind.
   */
  numpy: boolean;
  /** ConvNeXT: what is left of a side by the crop, where `size` is small enough that it crops at all. */
  cropShare?: number;
}

const bilinear = 2;
const bicubic = 3;

const half: Channels = [0.5, 0.5, 0.5];
const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } satisfies Partial<Processor>;
const openai = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
} satisfies Partial<Processor>;

/** A stretch to a square, as ViT's does. */
const stretch: Processor = {
  size: { height: 224, width: 224 },
  square: true,
  crop: null,
  resample: bilinear,
  rescaleFactor: 1 / 255,
  offset: false,
  mean: half,
  std: half,
  numpy: false,
};

/** The shorter side scaled and the middle cut out, as VideoMAE's does. */
const middle: Processor = { ...stretch, size: { shortest_edge: 224 }, square: false, crop: 224 };

const clip: Processor = { ...middle, ...openai, resample: bicubic };
const vivit: Processor = { ...middle, size: { shortest_edge: 256 }, rescaleFactor: 1 / 127.5, offset: true };

/** By the name of the class, without the endings that say how it computes. */
export const processors: ReadonlyMap<string, Processor> = new Map<string, Processor>([
  ['BitImageProcessor', clip],
  ['BlipImageProcessor', { ...stretch, ...openai, size: { height: 384, width: 384 }, resample: bicubic }],
  ['CLIPImageProcessor', clip],
  ['ChineseCLIPImageProcessor', clip],
  [
    'ConvNextImageProcessor',
    { ...middle, size: { shortest_edge: 384 }, crop: null, resample: bicubic, cropShare: 224 / 256 },
  ],
  ['DeiTImageProcessor', { ...stretch, size: { height: 256, width: 256 }, crop: 224, resample: bicubic }],
  ['MobileNetV1ImageProcessor', { ...middle, size: { shortest_edge: 256 } }],
  ['PPChart2TableImageProcessor', { ...stretch, ...openai, size: { height: 1024, width: 1024 }, resample: bicubic }],
  ['PvtImageProcessor', { ...stretch, ...imagenet, resample: bicubic }],
  ['SiglipImageProcessor', { ...stretch, square: false, resample: bicubic }],
  ['TimesformerVideoProcessor', { ...middle, ...imagenet }],
  ['ViTImageProcessor', stretch],
  ['VideoMAEImageProcessor', middle],
  ['VideoMAEVideoProcessor', middle],
  ['VivitImageProcessor', { ...vivit, numpy: true }],
  ['VivitVideoProcessor', vivit],
]);

/** What a configuration describes: transformers has a processor of each kind for every family. */
export type Kind = 'image' | 'video';

/** The class of a configuration that does not name one. */
const familyProcessors: Record<Family, Record<Kind, string>> = {
  vivit: { image: 'VivitImageProcessor', video: 'VivitVideoProcessor' },
  timesformer: { image: 'VideoMAEImageProcessor', video: 'TimesformerVideoProcessor' },
  videomae: { image: 'VideoMAEImageProcessor', video: 'VideoMAEVideoProcessor' },
};

/**
 * The class that a configuration names, else that of the family.
 *
 * @throws TubeletError MODEL_INVALID: a class that is not known; names it and those that are.
 */
export function processorOf(fields: Fields, family: Family, kind: Kind): Processor {
  const field = ['video_processor_type', 'image_processor_type', 'feature_extractor_type'].find(
    (name) => fields.read(name, string) !== undefined,
  );
  const stated = field === undefined ? familyProcessors[family][kind] : String(fields.object[field]);
  // Old names and those of one backend mean the class that transformers makes of them today.
  const name = stated.replace(/FeatureExtractor$/, 'ImageProcessor').replace(/(Fast|Pil)$/, '');
  const processor = processors.get(name);
  if (processor !== undefined) return processor;
  const known = [...processors.keys()];
  throw fields.invalid(
    `'${field}' is '${stated}', a class that this version does not know${suggestion(stated, known)}; a guess would ` +
      `give wrong pixels. It knows ${known.join(', ')}`,
  );
}

/** All names end alike, so that a typo shows in what is left of them, or in the ending itself. */
function suggestion(stated: string, known: string[]): string {
  const ending = /(ImageProcessor|VideoProcessor|FeatureExtractor)(Fast|Pil)?$/.exec(stated)?.[0];
  if (ending === undefined) return didYouMean(stated, known);
  const stem = closest(
    stated.slice(0, -ending.length),
    known.map((name) => name.replace(/(Image|Video)Processor$/, '')),
  );
  return stem === undefined ? '' : ` (did you mean '${stem}${ending}'?)`;
}
