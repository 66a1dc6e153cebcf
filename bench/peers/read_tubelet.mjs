// tubelet as one of the readers of `npm run bench -- decode`: the protocol of peer.py.
//
// read_tubelet.mjs CLIP [--stream N] (tubelet needs no telling which stream)
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

const internal = (name) => import(path.resolve(import.meta.dirname, '..', '..', 'dist', `${name}.js`));
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

/** The most memory this process has had, in bytes. */
function peakBytes() {
  return Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
}

let model;
console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  const { size, out, ...what } = JSON.parse(line);
  model ??= await modelFor(what.frames, size);
  try {
    const start = performance.now();
    const before = process.cpuUsage();
    const { data, timestamps } = await model.prepare(request(what)).promise;
    const milliseconds = performance.now() - start;
    const { user, system } = process.cpuUsage(before);
    const cpu = (user + system) / 1000;
    if (out) writeFileSync(out, data);
    console.log(JSON.stringify({ milliseconds, cpu, timestamps, peak: peakBytes() }));
  } catch (error) {
    console.log(JSON.stringify({ error: `${error.code}: ${error.message}` }));
  }
}
await model?.dispose();
