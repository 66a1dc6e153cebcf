import assert from 'node:assert/strict';

import type { BatchSummary } from '#lib/index';

import { runChild } from './child';

const megabyte = 1 << 20;

interface Holdings {
  resident: number;
  descriptors: number;
  threads: number;
}

/** Runs so many items of one pixel through a batch and checks that the process holds no more towards the end than after 1,000. */
export async function levelOverItems(model: string, count: number): Promise<BatchSummary> {
  // V8 gives its young generation more room, up to three times this many megabytes, the longer a program allocates.
  const node = ['--expose-gc', '--max-semi-space-size=1'];
  const run = await runChild('batch-tiny', [model, String(count)], { limit: 280_000, node });
  assert.deepEqual({ code: run.code, signal: run.signal, stderr: run.stderr }, { code: 0, signal: null, stderr: '' });
  const marks = run.said.get('marks') as Holdings[];
  const summary = run.said.get('summary') as BatchSummary;
  assert.deepEqual([summary.items, summary.failures], [count, {}]);
  const first = marks[0]!;
  for (const mark of marks) {
    assert.deepEqual([mark.descriptors, mark.threads], [first.descriptors, first.threads]);
  }
  // A mark may fall on a moment at which more is in flight; the middle one of the last three does not.
  const last = marks.slice(-3).map(({ resident }) => resident);
  const growth = (last.sort((a, b) => a - b)[1]! - first.resident) / megabyte;
  // One kB an item that is kept would be 8 MB and more for 10,000 and 88 MB for 100,000.
  assert.ok(growth < 8, `grew by ${growth.toFixed(1)} MB: ${marks.map((mark) => mark.resident >> 20).join(' ')}`);
  return summary;
}
