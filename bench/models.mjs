// npm run bench -- models [--runs 5] [--threads 2] [--families videomae,timesformer,vivit] [--size base]
//                         [--tools tubelet,transformers,onnxruntime,openvino]
//
// The forward pass of the three full-size architectures on one clip, pixels to logits: tubelet, transformers, ONNX Runtime
// and OpenVINO, each in its precisions, with the same number of threads. Every row is a process of its own, warm; they
// take turns, so that a machine whose speed drifts does so for all, and ratios are medians of the ratios run by run. A
// program whose logits are not transformers' fp32 logits is wrong and not timed. --size tiny is for trying this program
// out.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as wait } from 'node:timers/promises';
import { bytesOf, checkpoint, intoPageCache } from './checkpoints.mjs';
import { median, megabytes, readFloats, tableLine } from './figures.mjs';
import { peersPython, startPeer } from './peer.mjs';

const REFERENCE = { tool: 'transformers', precision: 'fp32', format: 'checkpoint' };
/** `default` is the precision that OpenVINO takes of itself on this CPU. */
const ROWS = [
  { tool: 'tubelet', precision: 'fp32', format: 'checkpoint' },
  { tool: 'tubelet', precision: 'bf16', format: 'checkpoint' },
  REFERENCE,
  { tool: 'transformers', precision: 'bf16', format: 'checkpoint' },
  { tool: 'onnxruntime', precision: 'fp32', format: 'onnx' },
  { tool: 'onnxruntime', precision: 'int8', format: 'int8' },
  { tool: 'openvino', precision: 'fp32', format: 'openvino' },
  { tool: 'openvino', precision: 'default', format: 'openvino' },
];
const TOOLS = [...new Set(ROWS.map(({ tool }) => tool))];
/** Logits of fp32 differ by the order of sums: the largest difference is some 1e-5 where they deviate by 2. */
const LARGEST_DIFFERENCE = 1e-4;
/**
 * What fewer bits leave of the cosine of logits, with room: bf16 0.99996, int8 0.9996. A clip that is mirrored gives
 * 0.998, one with red and blue exchanged 0.4.
 */
const LEAST_COSINE = { bf16: 0.9995, fp16: 0.9995, int8: 0.999 };
/** Between turns: threads of the runtimes spin for some milliseconds before they sleep. */
const SETTLE_MS = 100;
/** Of /proc/cpuinfo: what decides how fast the low precisions are. */
const FLAGS = ['avx2', 'avx512f', 'avx512_vnni', 'avx512_bf16', 'amx_bf16', 'amx_int8'];

export async function run(args) {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: 'string', default: '5' },
      threads: { type: 'string', default: String(availableParallelism()) },
      families: { type: 'string', default: 'videomae,timesformer,vivit' },
      tools: { type: 'string', default: TOOLS.join() },
      size: { type: 'string', default: 'base' },
    },
  });
  const { threads, size } = values;
  const runs = Number(values.runs);
  const wanted = values.tools.split(',');
  const rows = ROWS.filter((row) => row === REFERENCE || wanted.includes(row.tool));
  const python = await peersPython();

  const flags = readFileSync('/proc/cpuinfo', 'utf8').split(/\s/);
  console.log(`${cpus()[0].model} (${FLAGS.filter((flag) => flags.includes(flag)).join(' ')})`);
  console.log(`${threads} threads, one clip, ${runs} alternating runs, medians`);
  for (const family of values.families.split(',')) {
    const results = await compare(await checkpoint(python, family, size), rows, { python, runs, threads });
    printTable(`${family}-${size}`, results);
    if (results.some(({ wrong }) => wrong)) process.exitCode = 1;
  }
  console.log(`
vs transf.: the time of transformers in fp32 over this; vs fastest: that of the fastest of the others than tubelet
over this; above 1 this is faster
peak: the most memory of the process; load: from files in the page cache to ready, without loading libraries
first: the first forward pass over a warm one`);
}

/** What was measured of each row. Each has `milliseconds`, one a run, or else `failure`, why it has none. */
async function compare({ formats, pixels, shape }, rows, { python, runs, threads }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'tubelet-bench-'));
  const peers = new Map();
  const start = async (row) => {
    const { path: model, files, failure } = formats[row.format];
    if (failure) return { ...row, failure: `no model: ${failure}` };
    await intoPageCache(files);
    const [program, out] = [
      `forward_${row.tool}.${row.tool === 'tubelet' ? 'mjs' : 'py'}`,
      path.join(folder, 'logits'),
    ];
    const options = ['--shape', shape.join(), '--threads', threads, '--precision', row.precision];
    try {
      const peer = await startPeer(python, program, [model, pixels, ...options]);
      peers.set(row, peer);
      const { milliseconds: first, peak, error } = await peer.ask({ out });
      const { load, precision } = peer.ready;
      if (error) return { ...row, failure: error };
      if (![precision, 'default'].includes(row.precision))
        return { ...row, failure: `asked for ${row.precision}, it computes in ${precision}` };
      const logits = readFloats(out);
      return { ...row, computes: precision, logits, load, first, peak, bytes: bytesOf(files), milliseconds: [] };
    } catch (error) {
      return { ...row, failure: error.message };
    }
  };
  try {
    const results = [];
    for (const row of rows) results.push({ row, ...(await start(row)) });
    const reference = results.find(({ row }) => row === REFERENCE);
    if (reference.failure) throw new Error(`transformers, which all are compared with: ${reference.failure}`);
    for (const result of results) {
      if (result.failure) continue;
      result.wrong = difference(reference.logits, result);
      result.failure = result.wrong;
    }
    for (let i = 0; i < runs; i++) {
      for (const result of results) {
        if (result.failure) continue;
        await wait(SETTLE_MS);
        const { milliseconds, peak, error } = await peers.get(result.row).ask({ out: null });
        result.failure = error;
        result.milliseconds.push(milliseconds);
        result.peak = peak;
      }
    }
    return results;
  } finally {
    for (const peer of peers.values()) peer.stop();
    rmSync(folder, { recursive: true });
  }
}

/** How the logits differ from the reference's by more than the precision explains, in words. */
function difference(expected, { logits, computes }) {
  if (logits.length !== expected.length) return `wrong: ${logits.length} logits, not ${expected.length}`;
  if (computes === 'fp32') {
    const largest = logits.reduce((most, logit, i) => Math.max(most, Math.abs(logit - expected[i])), 0);
    return largest <= LARGEST_DIFFERENCE ? undefined : `wrong: logits are up to ${largest.toPrecision(2)} off`;
  }
  const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const cosine = dot(logits, expected) / Math.sqrt(dot(logits, logits) * dot(expected, expected));
  return cosine >= LEAST_COSINE[computes] ? undefined : `wrong: the cosine of the logits is ${cosine.toFixed(4)}`;
}

function printTable(title, results) {
  const valid = results.filter(({ failure }) => !failure);
  for (const result of valid) result.median = median(result.milliseconds);
  const ours = valid.filter(({ tool }) => tool === 'tubelet');
  const peers = valid.filter(({ tool }) => tool !== 'tubelet').toSorted((a, b) => a.median - b.median);
  const reference = peers.find(({ row }) => row === REFERENCE);
  const ratio = (of, result) => median(of.milliseconds.map((time, i) => time / result.milliseconds[i])).toFixed(2);
  /** Where a peer beats tubelet in fp32, or in fewer bits. */
  const remark = (result) => {
    if (result.tool === 'tubelet') return '';
    const rival = ours.find(({ computes }) => (computes === 'fp32') === (result.computes === 'fp32'));
    return rival && result.median < rival.median ? `ahead of tubelet ${rival.computes}` : '';
  };

  console.log(`\n${line([title, '', 'ms', 'vs transf.', 'vs fastest', 'peak MB', 'load s', 'disk MB', 'first', ''])}`);
  for (const result of results) {
    const { tool, precision, computes, failure, median: time, peak, load, bytes, first } = result;
    const name = precision === 'default' && computes ? `default: ${computes}` : precision;
    if (failure) {
      console.log(`${line([tool, name])}  - ${failure}`);
      continue;
    }
    const figures = [
      ...[time.toFixed(0), ratio(reference, result), ratio(peers[0], result)],
      ...[megabytes(peak), (load / 1000).toFixed(2), megabytes(bytes), (first / time).toFixed(2)],
    ];
    console.log(line([tool, name, ...figures, remark(result)]));
  }
  console.log(`all processes together at their peaks: ${megabytes(valid.reduce((sum, { peak }) => sum + peak, 0))} MB`);
}

const line = (cells) => tableLine([-18, -14, 8, 12, 12, 9, 8, 9, 7, 24], cells);
