// tubelet as the programs of `npm run bench -- batch`: what classifying.py says of them.
//
// batch_tubelet.mjs MODEL [--precision P] [--only decode|infer]
//
// `--only decode` does no more than to decode and to prepare, `--only infer` no more than the forward passes; with the
// workers of a batch, each as many at once.
import { parseArgs } from 'node:util';
import { internal, serve } from './peer.mjs';

const { load } = await internal('index');
const { openModel } = await internal('loaded');
const { workforce } = await internal('batch/workers');
const { binding } = await internal('runtime');
const { toNativeSampling } = await internal('sampling');
const { toNativeRead } = await internal('reading');

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { precision: { type: 'string' }, only: { type: 'string' } },
});
const [name] = positionals;
const { precision, only } = values;

/** `work` for each clip, as many at once as a batch has in flight. */
async function sideBySide(clips, concurrency, work) {
  const waiting = clips.values();
  const takeTurns = async () => {
    for (const clip of waiting) await work(clip);
  };
  await Promise.all(Array.from({ length: concurrency }, takeTurns));
}

/** The public surface, and nothing but defaults. */
async function wholeBatch() {
  const model = await load(name, { precision });
  const classify = async (clips, sampling) => {
    const labels = [];
    for await (const { result, error } of model.classifyAll(clips, { sampling })) {
      if (error !== undefined) throw error;
      labels.push(result.predictions[0].label);
    }
    return labels;
  };
  return { info: model.info, classify, dispose: () => model.dispose() };
}

/** What a batch does with its clips, without the rest of that. */
async function halfBatch() {
  const model = await openModel(name, { precision });
  const { info } = model;
  const { workers, concurrency } = workforce({}, binding().availableCpus(), info);
  const { native } = model.fork(workers);
  const prepared = (clip, mode) => {
    const input = { kind: 'file', path: clip, name: clip };
    const sampling = toNativeSampling({ sampling: mode }, info.sampling, info.family);
    return native.prepare({ input, sampling, read: toNativeRead({}) }).promise;
  };
  let pixels;
  const classify = async (clips, mode) => {
    if (only === 'infer') pixels ??= await prepared(clips[0], mode);
    const work =
      only === 'infer' ? () => native.forward(pixels.data, pixels.shape).promise : (clip) => prepared(clip, mode);
    await sideBySide(clips, concurrency, work);
    return [];
  };
  return { info, classify, dispose: () => model.dispose() };
}

const { info, classify, dispose } = await (only === undefined ? wholeBatch() : halfBatch());
await serve(
  async ({ clips, sampling }) => {
    const start = performance.now();
    const before = process.cpuUsage();
    const labels = await classify(clips, sampling);
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(before);
    return { seconds, cpu: (user + system) / 1e6, labels };
  },
  { sampling: info.sampling, precision: info.precision },
);
await dispose();
