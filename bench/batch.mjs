// npm run bench -- batch [--runs 3] [--models motion-videomae,videomae-base] [--clips 300] [--heavy 30]
//                        [--sampling trained,spread] [--items 5000]
//
// A folder of mixed clips through one model: tubelet's classifyAll with its defaults, (a) a few lines of transformers'
// pipeline, and (b) the best Python that could be written, torchcodec in a pool of threads with bf16. For comparison,
// tubelet's own halves alone: decoding with preparation, and the forward pass.
//
// Every run takes another part of the clips, and all programs take turns at it, so that a machine whose speed drifts does
// so for all; figures are medians over the runs, ratios medians of the ratios run by run. Every program is a process of
// its own, warm. A full-size model with seeded weights gets `heavy` clips instead. Finally, what an item costs besides
// its work: `items` pictures of one pixel through a TorchScript program that does nothing.
import { existsSync, rmSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { seededCheckpoint } from './checkpoints.mjs';
import { median, megabytes, tableLine } from './figures.mjs';
import { mixedClips } from './mixed.mjs';
import { peersPython, printedBy, startPeer } from './peer.mjs';

const root = path.resolve(import.meta.dirname, '..');
const all = availableParallelism();

/** What (b) is fastest with: several clips of a small model share a pass, one of a large model has all CPUs. */
const SMALL = ['--workers', String(all), '--batch', '8', '--threads', '1'];
const LARGE = ['--workers', String(all), '--batch', '1', '--threads', String(all)];

const PIPELINE = { name: '(a) pipeline fp32', file: 'batch_pipeline.py' };
const THREADS = { name: '(b) torchcodec bf16', file: 'batch_torchcodec.py' };
const DECODE = { name: 'decoding alone', file: 'batch_tubelet.mjs', options: ['--only', 'decode'] };
const INFER = {
  fp32: { name: 'inference alone fp32', file: 'batch_tubelet.mjs', options: ['--only', 'infer'] },
  auto: {
    name: 'inference alone auto',
    file: 'batch_tubelet.mjs',
    options: ['--only', 'infer', '--precision', 'auto'],
  },
};
const OURS = [
  { name: 'tubelet fp32', file: 'batch_tubelet.mjs', infer: INFER.fp32 },
  { name: 'tubelet auto', file: 'batch_tubelet.mjs', options: ['--precision', 'auto'], infer: INFER.auto },
];
const ROWS = [...OURS, PIPELINE, THREADS, DECODE, INFER.fp32, INFER.auto];

/** Of the clips, in fp32: a frame on the edge between two, or two classes that are level, may go either way. */
const LEAST_ALIKE = 0.95;
const WARM_CLIPS = 4;

export async function run(args) {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: 'string', default: '3' },
      models: { type: 'string', default: 'motion-videomae,videomae-base' },
      clips: { type: 'string', default: '300' },
      heavy: { type: 'string', default: '30' },
      sampling: { type: 'string', default: 'trained,spread' },
      items: { type: 'string', default: '5000' },
    },
  });
  const runs = Number(values.runs);
  const python = await peersPython();
  console.log(`${cpus()[0].model}, ${all} CPUs; ${runs} runs, each with other clips, in turn; medians`);
  for (const model of values.models.split(',')) {
    const bundled = path.join(root, 'models', model);
    const isSmall = existsSync(bundled);
    const folder = isSmall ? bundled : await seededCheckpoint(python, ...model.split('-'));
    const clips = await mixedClips(Number(isSmall ? values.clips : values.heavy));
    // The forward pass is most of a large model's work, whichever the frames.
    const samplings = isSmall ? values.sampling.split(',') : ['trained'];
    await compare({ python, model, folder, clips, samplings, runs, tuning: isSmall ? SMALL : LARGE });
  }
  await measureOverhead(python, Number(values.items), runs);
  console.log(`
vs (a), vs (b): clips a second over those of that row, on the same clips and frames
of decode, of infer: over those of decoding alone, and of inference alone in the same precision
busy: CPU time over that of all CPUs; CPU ms: the same a clip; peak: the most memory of the process
alike: clips whose best class is (a)'s`);
}

async function compare({ python, model, folder, clips, samplings, runs, tuning }) {
  const peers = new Map();
  try {
    for (const row of ROWS) {
      const options = row === THREADS ? tuning : (row.options ?? []);
      peers.set(row, await startPeer(python, row.file, [folder, ...options]));
    }
    const { frames, stride, fps } = peers.get(OURS[0]).ready.sampling;
    for (const sampling of samplings) {
      const ask = async (row, some) => {
        const answer = await peers.get(row).ask({ clips: some, sampling, frames, interval: stride / fps });
        if (answer.error) throw new Error(`${row.name}, ${model}: ${answer.error}`);
        return answer;
      };
      const results = new Map(ROWS.map((row) => [row, { rates: [], busy: [], cost: [], labels: [] }]));
      for (const row of ROWS) await ask(row, clips.slice(0, WARM_CLIPS));
      for (let i = 0; i < runs; i++) {
        const some = clips.filter((_, k) => k % runs === i);
        for (const row of ROWS) {
          const { seconds, cpu, labels, peak } = await ask(row, some);
          const result = results.get(row);
          result.rates.push(some.length / seconds);
          result.busy.push(cpu / seconds / all);
          result.cost.push((1000 * cpu) / some.length);
          result.labels.push(...labels);
          result.peak = peak;
        }
      }
      printTable(`${model}, ${clips.length} clips, ${sampling}`, results, peers.get(OURS[1]).ready.precision);
    }
  } finally {
    for (const peer of peers.values()) peer.stop();
  }
}

function printTable(title, results, precision) {
  const ratio = (result, to) => median(result.rates.map((rate, i) => rate / to.rates[i])).toFixed(2);
  const [pipeline, threads, decode] = [PIPELINE, THREADS, DECODE].map((row) => results.get(row));
  console.log(
    `\n${line([title, 'clips/s', 'vs (a)', 'vs (b)', 'of decode', 'of infer', 'busy', 'CPU ms', 'peak MB', 'alike'])}`,
  );
  for (const [row, result] of results) {
    const { rates, busy, cost, peak, labels } = result;
    const alike = labels.filter((label, i) => label === pipeline.labels[i]).length;
    const isWhole = labels.length > 0;
    console.log(
      line([
        row.name.replace('auto', `auto: ${precision}`),
        median(rates).toFixed(2),
        ratio(result, pipeline),
        ratio(result, threads),
        isWhole ? ratio(result, decode) : '',
        row.infer ? ratio(result, results.get(row.infer)) : '',
        median(busy).toFixed(2),
        median(cost).toFixed(0),
        megabytes(peak),
        isWhole ? String(alike) : '',
      ]),
    );
    if (row === OURS[0] && alike < LEAST_ALIKE * labels.length) {
      console.log(
        `wrong: ${labels.length - alike} of ${labels.length} clips have another best class than (a) gives them`,
      );
      process.exitCode = 1;
    }
  }
}

/** The work itself is not taken off: what is printed is the most that an item can cost. */
async function measureOverhead(python, items, runs) {
  const program = path.join(root, 'build-bench', 'noop.pt');
  rmSync(program, { force: true });
  await printedBy(python, ['bench/peers/noop.py', program]);
  const peer = await startPeer(python, 'batch_pixels.mjs', [program]);
  try {
    const milliseconds = [];
    for (let i = 0; i <= runs; i++) {
      const { seconds, error } = await peer.ask({ items });
      if (error) throw new Error(error);
      if (i > 0) milliseconds.push((seconds * 1000) / items); // the first is to warm up
    }
    console.log(`\nan item of a batch, beside its work: ${median(milliseconds).toFixed(3)} ms (${items} items)`);
  } finally {
    peer.stop();
  }
}

const line = (cells) => tableLine([-40, 8, 8, 8, 11, 10, 7, 8, 9, 7], cells);
