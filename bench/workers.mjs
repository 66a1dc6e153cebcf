// npm run bench -- workers [--runs 5] [--work decode,compute] [--heavy 12]
//
// Which workers a batch is fastest with: 100 small clips through a bundled model (decoding is most of the work) and
// `heavy` of them through VideoMAE-base with seeded weights (the forward pass is). All settings take turns, so that a
// machine whose speed drifts does so for all; the figures are medians.
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import tubelet from '../dist/index.js';
import { seededCheckpoint } from './checkpoints.mjs';
import { median } from './figures.mjs';
import { printedBy } from './peer.mjs';

const root = path.resolve(import.meta.dirname, '..');
const python = process.env.TUBELET_PYTHON ?? path.join(root, '.venv', 'bin', 'python');
const made = path.join(root, 'build-bench');
const all = availableParallelism();

/** `batch` are options of classifyAll; without them each clip is a call of classify, made all at once. */
const settings = {
  decode: [
    { name: 'classify, all at once' },
    { name: `decode ${all}, infer ${all}`, batch: { workers: { decode: all, infer: all } } },
    { name: `decode ${all}, infer 1`, batch: { workers: { decode: all, infer: 1 } } },
    { name: `decode 1, infer ${all}`, batch: { workers: { decode: 1, infer: all } } },
    { name: `decode ${2 * all}, infer ${all}`, batch: { workers: { decode: 2 * all, infer: all } } },
    { name: `decode ${all}, infer 1, maxBatch 8`, batch: { workers: { decode: all, infer: 1 }, maxBatch: 8 } },
    ...[1, 2, 8].map((times) => ({
      name: `decode ${all}, infer ${all}, concurrency ${2 * all * times}`,
      batch: { workers: { decode: all, infer: all }, concurrency: 2 * all * times },
    })),
  ],
  compute: [
    { name: 'classify, all at once' },
    { name: `decode ${all}, infer ${all} of 1 thread`, batch: { workers: { decode: all, infer: all } } },
    { name: `decode ${all}, infer 1 of ${all} threads`, batch: { workers: { decode: all, infer: 1 } } },
    { name: 'the same, maxBatch 3', batch: { workers: { decode: all, infer: 1 }, maxBatch: 3, maxDelayMs: 500 } },
    { name: `infer ${all} of 1 thread, maxBatch 3`, batch: { workers: { infer: all }, maxBatch: 3, maxDelayMs: 500 } },
  ],
};

const works = {
  decode: async () => ({ model: 'motion-videomae', clips: await clips(100) }),
  compute: async ({ heavy }) => ({
    model: await seededCheckpoint(python, 'videomae', 'base'),
    clips: await clips(Number(heavy)),
  }),
};

export async function run(args) {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: 'string', default: '5' },
      work: { type: 'string', default: 'decode,compute' },
      heavy: { type: 'string', default: '12' },
    },
  });
  console.log(`${cpus()[0].model}, ${all} CPUs, ${values.runs} runs in turn, medians`);
  for (const work of values.work.split(',')) await compare(work, values);
}

async function compare(work, values) {
  const { model: name, clips: paths } = await works[work](values);
  const model = await tubelet.load(name);
  await model.classify(paths[0]);
  const rates = settings[work].map(() => []);
  for (let i = 0; i < Number(values.runs); i++) {
    for (const [j, { batch }] of settings[work].entries()) rates[j].push(await clipsASecond(model, paths, batch));
  }
  await model.dispose();
  console.log(`\n${path.basename(name)}, ${paths.length} clips`.padEnd(46) + 'clips/s   (least to most)');
  for (const [j, setting] of settings[work].entries()) {
    const range = `(${Math.min(...rates[j]).toFixed(2)} to ${Math.max(...rates[j]).toFixed(2)})`;
    console.log(`${setting.name.padEnd(44)} ${median(rates[j]).toFixed(2).padStart(8)}   ${range}`);
  }
}

async function clipsASecond(model, paths, batch) {
  const start = performance.now();
  if (batch === undefined) await Promise.all(paths.map((path) => model.classify(path)));
  else for await (const { error } of model.classifyAll(paths, batch)) if (error !== undefined) throw error;
  return (1000 * paths.length) / (performance.now() - start);
}

/** Clips of three seconds that only this benchmark and the test of accuracy see, made once. */
async function clips(count) {
  const folder = path.join(made, 'heldout');
  if (!existsSync(path.join(folder, 'labels.json'))) {
    await printedBy(python, ['scripts/motion/heldout.py', '--count', '100', folder]);
  }
  const names = readdirSync(folder).filter((name) => name.endsWith('.mp4'));
  return names.slice(0, count).map((name) => path.join(folder, name));
}
