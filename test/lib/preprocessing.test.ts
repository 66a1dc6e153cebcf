import assert from 'node:assert/strict';

import { fitToModel, readPreprocessing } from '#lib/checkpoints/preprocessing';
import type { NativePreprocessing } from '#lib/native/binding';
import type { Family } from '#lib/sampling/family';

import { throwsWith } from '../support/rejects';

function read(config: Record<string, unknown>, family: Family = 'videomae'): NativePreprocessing {
  return readPreprocessing(config, 'preprocessor_config.json', family);
}

const half = [0.5, 0.5, 0.5];
const convnext = { image_processor_type: 'ConvNextImageProcessor' };

describe("a preprocessor's configuration", () => {
  it("is read as MCG-NJU's VideoMAE has it", () => {
    const published = {
      do_center_crop: true,
      do_normalize: true,
      do_resize: true,
      feature_extractor_type: 'VideoMAEFeatureExtractor',
      image_mean: [0.485, 0.456, 0.406],
      image_std: [0.229, 0.224, 0.225],
      resample: 2,
      size: 224,
    };
    assert.deepEqual(read(published), {
      resize: 'shortest-edge',
      resizeHeight: 224,
      resizeWidth: 224,
      interpolation: 'bilinear',
      antialias: true,
      padFrontMore: false,
      cropHeight: 224,
      cropWidth: 224,
      rescaleFactor: 1 / 255,
      offset: false,
      normalize: true,
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
    });
  });

  it("is read as Google's ViViT has it: from -3 to 1", () => {
    const published = {
      crop_size: { height: 224, width: 224 },
      do_center_crop: true,
      do_normalize: true,
      do_rescale: true,
      do_resize: true,
      image_mean: half,
      image_processor_type: 'VivitImageProcessor',
      image_std: half,
      offset: true,
      resample: 2,
      rescale_factor: 0.00784313725490196,
      size: { shortest_edge: 256 },
    };
    const { mean, std, ...rest } = read(published, 'vivit');
    assert.deepEqual([mean, std], [half, half]);
    const range = [0, 255].map((level) => (level * rest.rescaleFactor - Number(rest.offset) - 0.5) / 0.5);
    assert.ok(Math.abs((range[0] ?? NaN) + 3) < 1e-9 && Math.abs((range[1] ?? NaN) - 1) < 1e-9, range.join());
    assert.equal(rest.resizeHeight, 256);
  });

  it('has the defaults of the class that it names, and else of the family', () => {
    for (const [config, family, edge, factor, offset, mean] of [
      [{}, 'videomae', 224, 1 / 255, false, half],
      [{}, 'timesformer', 224, 1 / 255, false, half],
      [{}, 'vivit', 256, 1 / 127.5, true, half],
      [{ image_processor_type: 'VideoMAEImageProcessorFast' }, 'vivit', 224, 1 / 255, false, half],
      [{ image_processor_type: 'VivitImageProcessor' }, 'videomae', 256, 1 / 127.5, true, half],
      [
        { video_processor_type: 'TimesformerVideoProcessor' },
        'timesformer',
        224,
        1 / 255,
        false,
        [0.485, 0.456, 0.406],
      ],
    ] as const) {
      const { resizeHeight, rescaleFactor, offset: subtracts, mean: average, cropHeight } = read(config, family);
      const what = `${JSON.stringify(config)} ${family}`;
      assert.deepEqual([resizeHeight, rescaleFactor, subtracts, average], [edge, factor, offset, mean], what);
      assert.equal(cropHeight, 224);
    }
  });

  it('stretches and does not crop where its class does', () => {
    const published = { feature_extractor_type: 'ViTFeatureExtractor', size: 224, image_mean: half, image_std: half };
    const { resize, resizeHeight, resizeWidth, cropHeight } = read(published, 'timesformer');
    assert.deepEqual([resize, resizeHeight, resizeWidth, cropHeight], ['exact', 224, 224, 0]);
  });

  it("has the class of the family's video processor where it describes one and does not name it", () => {
    const { mean } = readPreprocessing({}, 'video_preprocessor_config.json', 'timesformer', 'video');
    assert.deepEqual(mean, [0.485, 0.456, 0.406]);
  });

  it('takes a flag that is null for false, and another null for a field that is left out', () => {
    const config = { do_center_crop: null, do_normalize: null, crop_size: null, size: null, image_mean: null };
    const { cropHeight, normalize, resizeHeight, mean } = read(config);
    assert.deepEqual([cropHeight, normalize, resizeHeight, mean], [0, false, 224, half]);
  });

  it('has a size in several spellings', () => {
    const size = (value: unknown): unknown[] => {
      const { resize, resizeHeight, resizeWidth } = read({ size: value });
      return [resize, resizeHeight, resizeWidth];
    };
    assert.deepEqual(size(112), ['shortest-edge', 112, 112]);
    assert.deepEqual(size({ shortest_edge: 112 }), ['shortest-edge', 112, 112]);
    assert.deepEqual(size({ height: 90, width: 160 }), ['exact', 90, 160]);
    assert.deepEqual(size([90, 160]), ['exact', 90, 160]);
    assert.deepEqual(size(null), ['shortest-edge', 224, 224]);
  });

  it('has a crop in several spellings', () => {
    const crop = (value: unknown): unknown[] => {
      const { cropHeight, cropWidth } = read({ crop_size: value });
      return [cropHeight, cropWidth];
    };
    assert.deepEqual(crop(112), [112, 112]);
    assert.deepEqual(crop({ height: 90, width: 160 }), [90, 160]);
  });

  it('switches steps off', () => {
    assert.equal(read({ do_resize: false, size: 'ignored' }).resize, 'none');
    assert.equal(read({ do_center_crop: false }).cropHeight, 0);
    assert.equal(read({ do_rescale: false }).rescaleFactor, 1);
    assert.equal(read({ do_rescale: false }, 'vivit').offset, false);
    assert.equal(read({ do_normalize: false }).normalize, false);
    assert.equal(read({ offset: false }, 'vivit').offset, false);
  });

  it('subtracts 1 in VivitVideoProcessor whatever `offset` says', () => {
    assert.equal(read({ video_processor_type: 'VivitVideoProcessor', offset: false }, 'vivit').offset, true);
  });

  it("names PIL's filters by number", () => {
    const interpolation = (resample: unknown): string => read({ resample }).interpolation;
    assert.deepEqual([0, 2, 3, null].map(interpolation), ['nearest', 'bilinear', 'bicubic', 'bilinear']);
  });

  it('takes one number for all channels', () => {
    assert.deepEqual(read({ image_mean: 0.4, image_std: 0.2 }).mean, [0.4, 0.4, 0.4]);
  });

  it('is scaled to the size that a published checkpoint is known to take', () => {
    const square = { height: 448, width: 448 };
    const small = read({ size: { shortest_edge: 256 }, crop_size: 224 }, 'timesformer');
    const { resizeHeight, resizeWidth, cropHeight, cropWidth } = fitToModel(small, square, 448, 'folder');
    assert.deepEqual([resizeHeight, resizeWidth, cropHeight, cropWidth], [512, 512, 448, 448]);
    const fits = read({ size: { shortest_edge: 448 }, crop_size: 448 }, 'timesformer');
    assert.equal(fitToModel(fits, square, 448, 'folder'), fits);
    throwsWith(
      () => fitToModel(read({ size: 256, do_center_crop: false }), square, 448, 'folder'),
      'MODEL_INVALID',
      /scales the short side to 256 and crops nothing, .* takes 448 x 448 .* Set "do_center_crop": true with "crop_size"/,
    );
    for (const published of [undefined, 224]) {
      throwsWith(
        () => fitToModel(small, square, published, 'folder'),
        'MODEL_INVALID',
        /in folder makes pixels of 224 x 224 \('crop_size'\), but the model takes 448 x 448/,
      );
    }
  });

  for (const [config, message] of [
    [{ size: { longest_edge: 224 } }, /'size' is \{"longest_edge":224\} but must be a number, \{ shortest_edge \}/],
    [{ size: { shortest_edge: 224, longest_edge: 300 } }, /'size'/],
    [{ size: 0 }, /'size' is 0/],
    [{ size: 1e9 }, /'size'/],
    [{ size: '224' }, /'size'/],
    [{ crop_size: { height: 224 } }, /'crop_size'/],
    [{ resample: 1 }, /'resample' is 1 but must be 0 \(nearest\), 2 \(bilinear\) or 3 \(bicubic\)/],
    [{ resample: 'bilinear' }, /'resample' is "bilinear" but must be 0/],
    [{ rescale_factor: 0 }, /'rescale_factor'/],
    [{ rescale_factor: -1 }, /'rescale_factor' is -1 but must be a number above 0/],
    [{ rescale_factor: '1/255' }, /'rescale_factor'/],
    [{ image_mean: '0.5' }, /'image_mean' is "0\.5" but must be a number or one for each of red, green and blue/],
    [{ image_mean: [0.5, 0.5, null] }, /'image_mean'/],
    [{ image_std: [0.5, 0.5] }, /'image_std' is \[0\.5,0\.5\] but must be/],
    [{ image_std: 0 }, /'image_std' is 0 but must be free of zeros/],
    [{ do_center_crop: 1 }, /'do_center_crop' is 1 but must be true or false/],
    [{ do_pad: true }, /'do_pad' is true but must be false/],
    [{ do_rescale: 'no' }, /'do_rescale'/],
    [{ do_normalize: 0 }, /'do_normalize'/],
    [{ image_processor_type: 'VivitImageProcessor', offset: 'yes' }, /'offset'/],
    [{ image_mean: [0.5, 0.5] }, /'image_mean'/],
    [{ image_mean: [0.5, 0.5, 0.5, 0.5] }, /'image_mean'/],
    [{ image_std: [0.5, 0, 0.5] }, /'image_std' is \[0\.5,0,0\.5\] but must be free of zeros/],
    [
      { image_processor_type: 'SamImageProcessor' },
      /'image_processor_type' is 'SamImageProcessor', a class that this version does not know; .* It knows BitImage/,
    ],
    [{ feature_extractor_type: 'VitFeatureExtracter' }, /does not know/],
    [{ image_processor_type: 'VTiImageProcessorFast' }, /\(did you mean 'ViTImageProcessorFast'\?\)/],
    [{ image_processor_type: 'ViTImageProcesor' }, /\(did you mean 'ViTImageProcessor'\?\)/],
    [{ video_processor_type: 'VideoMaeVideoProcessor' }, /\(did you mean 'VideoMAEVideoProcessor'\?\)/],
    [{ image_processor_type: 7 }, /'image_processor_type' is 7 but must be a string/],
    [{ image_processor_type: 'toString' }, /does not know/],
    [{ image_processor_type: 'ViTImageProcessor', do_center_crop: true }, /there is no 'crop_size'/],
    [{ image_processor_type: 'CLIPImageProcessor', use_square_size: true }, /'use_square_size' is true/],
    [{ ...convnext, size: { height: 224, width: 224 } }, /'size' .* must be a number or \{ shortest_edge \} for this/],
    [{ ...convnext, size: 224, crop_pct: 0 }, /'crop_pct' is 0 but must be a number above 0/],
    [{ ...convnext, size: 224, crop_pct: 1e-9 }, /'crop_pct' .* must be large enough/],
    [{ ...convnext, size: 224, do_center_crop: true, crop_size: 200 }, /'crop_size' is 200 but must be 224/],
    [{ do_resize: 'yes' }, /'do_resize' is "yes" but must be true or false/],
  ] as const) {
    it(`is refused: ${JSON.stringify(config)}`, () => {
      throwsWith(() => read(config), 'MODEL_INVALID', message);
    });
  }
});
