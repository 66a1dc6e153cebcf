// The models of `npm run bench -- models`: seeded random weights, since speed does not depend on their values, in each
// format that is compared. Made once.
import { createReadStream, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { printedBy } from './peer.mjs';

const root = path.resolve(import.meta.dirname, '..');

/**
 * Makes what is missing. Returns the formats, each with the `path` that a program is given and all of its `files`, or
 * with the `failure` to convert; and `pixels`, a file of float32 [`shape`], which all programs are given.
 */
export async function checkpoint(python, family, size) {
  const folder = await seededCheckpoint(python, family, size);
  const config = path.join(folder, 'config.json');
  const weights = path.join(folder, 'model.safetensors');
  const converted = path.join(folder, 'converted');
  const file = (name) => path.join(converted, name);
  const failures = await convert(python, folder, converted, ['model.onnx', 'int8.onnx', 'openvino.xml']);
  const format = (name, ...files) => ({ path: file(name), files: [name, ...files].map(file), failure: failures[name] });

  const { num_frames: frames, num_channels: channels, image_size: side } = JSON.parse(readFileSync(config, 'utf8'));
  const shape = [1, frames, channels, side, side];
  return {
    formats: {
      checkpoint: { path: folder, files: [weights] },
      onnx: format('model.onnx'),
      int8: format('int8.onnx'),
      openvino: format('openvino.xml', 'openvino.bin'),
    },
    pixels: pixelsFile(path.join(folder, 'pixels.f32'), shape),
    shape,
  };
}

/** The folder of a checkpoint with seeded weights, made if it is missing. */
export async function seededCheckpoint(python, family, size) {
  const folder = path.join(root, 'build-bench', `${family}-${size}`);
  if (!existsSync(path.join(folder, 'model.safetensors'))) {
    process.stderr.write(`making ${family}-${size} ...\n`);
    await printedBy(python, ['test/reference/checkpoints.py', folder, '--family', family, '--size', size]);
  }
  return folder;
}

/** Why each of the files could not be made; a file that was made is not named. */
async function convert(python, folder, out, names) {
  if (names.every((name) => existsSync(path.join(out, name)))) return {};
  process.stderr.write(`converting ${path.basename(folder)} ...\n`);
  try {
    return JSON.parse(await printedBy(python, ['bench/peers/convert.py', folder, out]));
  } catch (error) {
    return Object.fromEntries(names.map((name) => [name, error.message]));
  }
}

/**
 * A wave that runs through the clip, narrower and brighter from channel to channel. Of noise, which is the same
 * everywhere, these models make the same logits however it is ordered; not so of this.
 */
function pixelsFile(file, shape) {
  if (existsSync(file)) return file;
  const [, frames, channels, side] = shape;
  const values = new Float32Array(frames * channels * side * side);
  let i = 0;
  for (let t = 0; t < frames; t++) {
    for (let c = 0; c < channels; c++) {
      for (let y = 0; y < side; y++) {
        for (let x = 0; x < side; x++) {
          const turns = ((c + 1) / 2) * (x / side) + y / side + t / frames;
          values[i++] = 1.5 * Math.sin(2 * Math.PI * turns) + c - 1;
        }
      }
    }
  }
  writeFileSync(file, values);
  return file;
}

/** Reads the files once, so that they come from the page cache afterwards. */
export async function intoPageCache(files) {
  for (const file of files) await finished(createReadStream(file).resume());
}

export const bytesOf = (files) => files.reduce((sum, file) => sum + statSync(file).size, 0);
