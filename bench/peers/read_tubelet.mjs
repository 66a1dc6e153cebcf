// tubelet as one of the readers of `npm run bench -- decode`: what reading.py says of them.
//
// read_tubelet.mjs CLIP [--stream N] (tubelet picks the stream itself)
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { internal, serve } from './peer.mjs';

const { nativeSpec, openCheckpoint } = await internal('checkpoint');
const { toNativeRead } = await internal('reading');
const { openBinding } = await internal('runtime');

const clip = path.resolve(process.argv[2]);

/** A bundled model, told to take what the full-size VideoMAE takes: its own weights fit any number of patches. */
async function modelFor(frames, size) {
  const spec = nativeSpec(await openCheckpoint('motion-videomae'), { threads: 1 });
  const binding = await openBinding();
  return binding.loadModel({
    ...spec,
    key: `bench at ${size}`,
    frames,
    config: { ...spec.config, num_frames: frames, image_size: size },
    preprocessing: { ...spec.preprocessing, resizeHeight: size, cropHeight: size, cropWidth: size },
  }).promise;
}

function request({ sampling: mode, frames, interval }) {
  const spacing = mode === 'trained' ? interval : 0;
  const sampling = {
    mode,
    frames,
    interval: spacing,
    padding: 'repeat-last',
    timestamps: [],
    indices: [],
    start: 0,
    end: null,
  };
  return { input: { kind: 'file', path: clip, name: clip }, sampling, read: toNativeRead({}) };
}

let model;
await serve(async ({ size, out, ...what }) => {
  model ??= await modelFor(what.frames, size);
  const start = performance.now();
  const before = process.cpuUsage();
  const { data, timestamps } = await model.prepare(request(what)).promise;
  const milliseconds = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  if (out) writeFileSync(out, data);
  return { milliseconds, cpu: (user + system) / 1000, timestamps };
});
await model?.dispose();
