// npm run bench -- forward [--runs 5] [--threads 2] [--families vivit,timesformer,videomae]
//
// The three full-size architectures with seeded random weights (speed does not depend on their values), one clip, fp32.
// tubelet and transformers take turns, A B A B ..., so that a machine whose speed drifts does so for both; the ratio is
// the median of the ratios pair by pair.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus, availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import path from 'node:path';
import { parseArgs } from 'node:util';
import tubelet from '../dist/index.js';

const root = path.resolve(import.meta.dirname, '..');
const python = process.env.TUBELET_PYTHON ?? path.join(root, '.venv', 'bin', 'python');
const clip = path.join(root, 'samples', 'nasa_13013.mp4');

export async function run(args) {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: 'string', default: '5' },
      threads: { type: 'string', default: String(availableParallelism()) },
      families: { type: 'string', default: 'vivit,timesformer,videomae' },
    },
  });
  const runs = Number(values.runs);
  const threads = Number(values.threads);

  console.log(`${cpus()[0].model}, ${threads} threads, fp32, one clip, ${runs} alternating runs, medians`);
  console.log(row(['architecture', 'tubelet s', 'transformers s', 'ratio (min to max)']));
  for (const family of values.families.split(',')) {
    console.log(row([family, ...(await compare(family, runs, threads))]));
  }
}

async function compare(family, runs, threads) {
  const folder = await checkpoint(family);
  const model = await tubelet.load(folder, { threads });
  const reference = await transformersForward(folder, threads);
  try {
    const forward = async () => (await model.classify(clip)).milliseconds.infer;
    await forward(); // warm; the reference comes up warm
    await reference.next();
    const pairs = [];
    for (let i = 0; i < runs; i++) pairs.push([await forward(), await reference.next()]);
    const ratios = pairs.map(([ours, theirs]) => ours / theirs);
    return [
      seconds(median(pairs.map(([ours]) => ours))),
      seconds(median(pairs.map(([, theirs]) => theirs))),
      `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
    ];
  } finally {
    reference.stop();
    await model.dispose();
  }
}

/** A full-size checkpoint with seeded weights, made once. */
async function checkpoint(family) {
  const folder = path.join(root, 'build-bench', `${family}-base`);
  if (!existsSync(path.join(folder, 'config.json'))) {
    const script = path.join(root, 'test', 'reference', 'checkpoints.py');
    await finished(
      spawn(python, [script, folder, '--family', family, '--size', 'base'], { stdio: ['ignore', 'ignore', 'inherit'] }),
    );
  }
  return folder;
}

/** A Python process that runs one transformers forward for each line it is sent and answers with milliseconds. */
async function transformersForward(folder, threads) {
  const script = path.join(root, 'test', 'reference', 'bench_forward.py');
  const child = spawn(python, [script, folder, '--threads', String(threads)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('the transformers process ended early');
    return value;
  };
  await answer(); // loaded, and run once
  return {
    async next() {
      child.stdin.write('\n');
      return Number(await answer());
    },
    stop: () => child.stdin.end(),
  };
}

function finished(child) {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${child.spawnfile} exited with ${code}`))));
  });
}

const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
const seconds = (milliseconds) => (milliseconds / 1000).toFixed(3);
const row = (cells) => cells.map((cell, i) => (i === 0 ? cell.padEnd(14) : cell.padStart(22))).join('');
