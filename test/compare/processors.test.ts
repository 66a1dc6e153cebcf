import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { nativeSpec } from '#lib/checkpoints/native-spec';
import { readPreprocessing } from '#lib/checkpoints/preprocessing';
import { type Kind, processors } from '#lib/checkpoints/processors';
import { openProgram } from '#lib/checkpoints/program';
import type { NativePixels, NativePreprocessing } from '#lib/native/binding';
import { binding } from '#lib/native/runtime';
import { toNativeRead } from '#lib/options/reading';
import { type Family, families } from '#lib/sampling/family';
import { toNativeSampling } from '#lib/sampling/native';

import { readFloats, writeArray } from '../support/arrays';
import { runPython } from '../support/python';
import { seededRandom } from '../support/random';
import { suiteFolder } from '../support/temp';

type Config = Record<string, unknown>;

/** One configuration, and what to call it. */
interface Case {
  what: string;
  config: Config;
  family: Family;
  kind: Kind;
}

interface Reference {
  jobs: { shape: number[]; processor: string }[];
  plain: string[];
  families: string[];
}

/** In levels of 255: what float32 rounds; for ViViT's, which resizes with PIL, one more, as a noisy picture shows. */
const largestAllowed = (processor: string): number => (processor === 'VivitImageProcessor' ? 1 : 0) + 1e-3;

/** None is square, and both smaller and larger than what they become. */
const frames = [
  { name: 'wide', height: 131, width: 410 },
  { name: 'tall', height: 343, width: 94 },
].map((frame) => ({ ...frame, data: picture(frame.height, frame.width) }));

/** What a configuration can say beside its class; some make pixels of the picture's own size. */
const changes: Record<string, Config> = {
  'nothing else': {},
  'a number': { size: 70, crop_size: 64 },
  nulls: { size: 71, crop_size: null, do_center_crop: null, do_normalize: null, default_to_square: null },
  'a pair': { size: [81, 60], do_center_crop: false, resample: 0 },
  'height and width': { size: { height: 50, width: 120 }, crop_size: { height: 33, width: 100 }, do_center_crop: true },
  'a crop larger than the picture': {
    size: { shortest_edge: 56 },
    do_center_crop: true,
    crop_size: { height: 79, width: 85 },
    resample: 2,
  },
  'a crop alone': { do_resize: false, do_center_crop: true, crop_size: 99 },
  'an explicit square': { size: 58, default_to_square: true, do_center_crop: false, resample: 3 },
  colours: { size: 40, crop_size: 32, image_mean: [0.1, 0.2, 0.3], image_std: [0.5, 0.6, 0.7], rescale_factor: 0.01 },
  'no normalising': { size: 40, crop_size: 32, do_normalize: false },
  'no rescaling': { size: 40, crop_size: 32, do_rescale: false, offset: false },
  'no offset': { size: 40, crop_size: 32, offset: false },
};

/** ConvNeXT's `size` is a short side alone, and it crops by itself. */
const convnextChanges: Record<string, Config> = {
  'nothing else': {},
  'a number': { size: 70 },
  crop_pct: { size: { shortest_edge: 71 }, crop_pct: 0.7, resample: 2 },
  'a crop of the size': { size: 64, do_center_crop: true, crop_size: 64 },
  'a crop of a stretch': { size: 390, do_center_crop: true, crop_size: 50 },
  'a crop alone': { do_resize: false, do_center_crop: true, crop_size: 99 },
};

describe("processors of every class against transformers'", function () {
  this.timeout(120_000);
  const folder = suiteFolder('processors');
  const cases = [...everyClass(), ...otherNames(), ...noName()];
  let reference: Reference;

  before(async () => {
    const jobs = [];
    for (const { name, height, width, data } of frames) {
      const frame = await writeArray(join(folder(), `${name}.u8`), data);
      for (const [index, { config, family, kind }] of cases.entries()) {
        jobs.push({ config, family, kind, frame, shape: [height, width, 3], out: output(name, index) });
      }
    }
    const file = join(folder(), 'jobs.json');
    await writeFile(file, JSON.stringify(jobs));
    reference = (await runPython('test/reference/processors.py', file, program())) as Reference;
  });

  it('knows every class that has nothing but the common steps, those of the families, and ConvNeXT', () => {
    const expected = new Set([...reference.plain, ...reference.families, 'ConvNextImageProcessor']);
    assert.deepEqual([...processors.keys()].sort(), [...expected].sort());
  });

  it('makes the same pixels of frames that are wide and tall', async () => {
    const faults: string[] = [];
    for (const [which, frame] of frames.entries()) {
      for (const [index, { what, config, family, kind }] of cases.entries()) {
        const preprocessing = readPreprocessing(config, what, family, kind);
        const { shape = [], processor = '' } = reference.jobs[which * cases.length + index] ?? {};
        const title = `${what}, ${frame.name}, by ${processor}`;
        try {
          const pixels = await prepare(program(), preprocessing, frame, shape);
          assert.deepEqual(pixels.shape.slice(1), shape);
          const apart = levelsApart(pixels, await readFloats(output(frame.name, index)), preprocessing);
          assert.ok(apart <= largestAllowed(processor), `${apart} levels apart`);
        } catch (error) {
          faults.push(`${title}: ${String(error)}`);
        }
      }
    }
    assert.deepEqual(faults, []);
  });

  function program(): string {
    return join(folder(), 'program.pt');
  }

  function output(frame: string, index: number): string {
    return join(folder(), `${frame}-${index}.f32`);
  }
});

function everyClass(): Case[] {
  return [...processors.keys()].flatMap((name) => {
    const kind = kindOf(name);
    const family = families.find((known) => name.toLowerCase().startsWith(known)) ?? 'timesformer';
    return Object.entries(name.startsWith('ConvNext') ? convnextChanges : changes)
      .filter(([, change]) => !(name === 'VivitVideoProcessor' && change['offset'] === false))
      .map(([what, change]) => ({
        what: `${name}: ${what}`,
        config: { [`${kind}_processor_type`]: name, ...change },
        family,
        kind,
      }));
  });
}

/** Old names and those of one backend. */
function otherNames(): Case[] {
  return [...processors.keys()]
    .filter((name) => kindOf(name) === 'image')
    .flatMap((name) => [
      { image_processor_type: `${name}Fast` },
      { image_processor_type: `${name}Pil` },
      { feature_extractor_type: name.replace('ImageProcessor', 'FeatureExtractor') },
    ])
    .filter((config) => config.image_processor_type !== 'VivitImageProcessorPil')
    .map((config) => ({ what: JSON.stringify(config), config, family: 'videomae', kind: 'image' }));
}

/** The family decides. */
function noName(): Case[] {
  return families.flatMap((family) =>
    (['image', 'video'] as const).map((kind) => ({
      what: `${family}'s own ${kind} processor`,
      config: {},
      family,
      kind,
    })),
  );
}

function kindOf(name: string): Kind {
  return name.endsWith('VideoProcessor') ? 'video' : 'image';
}

/** Slopes with noise over them: a picture in which every shift and every filter shows. */
function picture(height: number, width: number): Uint8Array {
  const random = seededRandom(`${height} x ${width}`);
  return Uint8Array.from({ length: height * width * 3 }, (_, i) => {
    const [y, x] = [Math.floor(i / (width * 3)), Math.floor(i / 3) % width];
    return 40 + 150 * (i % 3 === 0 ? x / width : y / height) + 60 * random();
  });
}

/** As a model that takes pixels of this shape gets them. */
async function prepare(
  program: string,
  preprocessing: NativePreprocessing,
  { data, height, width }: { data: Uint8Array; height: number; width: number },
  [, rows = 0, columns = 0]: number[],
): Promise<NativePixels> {
  const size = { height: rows, width: columns };
  const checkpoint = await openProgram(program, { trust: true, frames: 1, size, mean: 0, std: 1 });
  const spec = { ...nativeSpec(checkpoint), preprocessing };
  const model = await binding().loadModel(spec).promise;
  try {
    return await model.prepare({
      input: { kind: 'frames', data, width, height, channels: 3, timestamps: [0], end: 1 },
      sampling: toNativeSampling({ sampling: 'consecutive' }, { frames: 1, stride: null, fps: 30 }),
      read: toNativeRead({}),
    }).promise;
  } finally {
    await model.dispose();
  }
}

/** The largest difference, in levels. */
function levelsApart({ data }: NativePixels, expected: Float32Array, preprocessing: NativePreprocessing): number {
  assert.equal(data.length, expected.length);
  const { normalize, std, rescaleFactor } = preprocessing;
  let largest = 0;
  for (const [i, value] of expected.entries()) {
    const scale = (normalize ? (std[Math.floor((i * 3) / expected.length)] ?? NaN) : 1) / rescaleFactor;
    largest = Math.max(largest, Math.abs(value - (data[i] ?? NaN)) * scale); // NaN stays
  }
  return largest;
}
