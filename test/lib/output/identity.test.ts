import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type RunIdentity, differences, readRun, writeIdentity } from '#lib/output/identity';

import { identity } from '../../support/output';
import { rejectsWith } from '../../support/rejects';
import { suiteFolder } from '../../support/temp';

describe("a run's identity", () => {
  const suite = suiteFolder('identity');

  it('comes back as it was written, with what the run came to', async () => {
    const output = join(suite(), 'a.jsonl');
    assert.equal(await readRun(output), undefined);
    const hub = { ...identity, checkpoint: { ...identity.checkpoint, revision: 'main' } };
    for (const counts of [undefined, { items: 50, failed: 1 }]) {
      await writeIdentity(output, hub, counts);
      assert.deepEqual(await readRun(output), { identity: hub, counts });
    }
  });

  it('that is damaged is refused', async () => {
    const output = join(suite(), 'damaged.jsonl');
    const { checkpoint } = identity;
    const damaged: unknown[] = [
      ...['', '{', '[]', 'null', '5'],
      ...[{}, { ...identity, command: 'probe' }, { ...identity, precision: 1 }, { ...identity, options: [] }],
      ...[
        { ...identity, checkpoint: { ...checkpoint, sha256: undefined } },
        { ...identity, tubelet: undefined },
      ],
      ...[
        { ...identity, checkpoint: { ...checkpoint, revision: 1 } },
        { ...identity, checkpoint: null },
      ],
    ];
    for (const content of damaged) {
      await writeFile(`${output}.run.json`, typeof content === 'string' ? content : JSON.stringify(content));
      await rejectsWith(readRun(output), 'INVALID_ARGUMENT', /damaged\.jsonl\.run\.json does not say/);
    }
    await mkdir(join(suite(), 'folder.run.json'));
    await rejectsWith(readRun(join(suite(), 'folder')), 'READ_FAILED', /EISDIR/);
  });

  it('is the same whatever led to the weights, in whatever order the options come', () => {
    const { checkpoint, options } = identity;
    const same: RunIdentity[] = [
      identity,
      { ...identity, tubelet: '9.9.9' },
      { ...identity, checkpoint: { name: '/a/folder', revision: 'main', sha256: checkpoint.sha256 } },
      { ...identity, options: { sampling: options['sampling'], labels: undefined, topK: 5 } },
    ];
    for (const other of same) assert.deepEqual(differences(identity, other), []);
    const windows = (options: object): RunIdentity => ({ ...identity, options: { windows: options } });
    assert.deepEqual(differences(windows({ a: 1, b: [{ c: 2, d: 3 }] }), windows({ b: [{ d: 3, c: 2 }], a: 1 })), []);
    assert.equal(differences(windows({ a: 1, b: [1, 2] }), windows({ a: 1, b: [2, 1] })).length, 1);
  });

  it('says what differs', () => {
    const other: RunIdentity = {
      command: 'embed',
      tubelet: '1.2.3',
      checkpoint: { name: 'motion-vivit', sha256: 'cd'.repeat(32) },
      precision: 'bf16',
      options: { topK: 3, logits: true },
    };
    assert.deepEqual(differences(identity, other), [
      'command: classify, now embed',
      'checkpoint: motion-vivit (sha256 abababababab), now motion-vivit (sha256 cdcdcdcdcdcd)',
      'precision: fp32, now bf16',
      'logits: not given, now true',
      'sampling: "trained", now not given',
      'topK: 5, now 3',
    ]);
  });
});
