import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Aborted } from '#lib/base/errors';
import { type FileIdentity, identify } from '#lib/base/files';
import { sha256OfWeights } from '#lib/checkpoints/weights-sha256';

import { rejectsWith } from '../support/rejects';
import { suiteFolder } from '../support/temp';

const digest = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');

describe('sha256 of weights', () => {
  const folder = suiteFolder('sha256');

  async function file(name: string, content: string | Buffer): Promise<FileIdentity> {
    const path = join(folder(), name);
    await writeFile(path, content);
    return (await identify(path)) ?? assert.fail();
  }

  it('is what sha256sum prints', async () => {
    for (const bytes of [0, 1, 1 << 20, (1 << 20) + 1, 3 << 20]) {
      const content = Buffer.alloc(bytes, 'weights');
      assert.equal(await sha256OfWeights([await file(`${bytes}.safetensors`, content)]), digest(content));
    }
  });

  it('of shards is what sha256sum prints of what it printed, in the order of the names', async () => {
    const [one, two] = [await file('a.safetensors', 'first'), await file('b.safetensors', 'second')];
    const lines = `${digest('first')}  a.safetensors\n${digest('second')}  b.safetensors\n`;
    assert.equal(await sha256OfWeights([two, one]), digest(lines));
  });

  it('is remembered as long as the file is the same', async () => {
    const weights = await file('cached.safetensors', 'old');
    assert.equal(await sha256OfWeights([weights]), digest('old'));
    await unlink(weights.path);
    assert.equal(await sha256OfWeights([weights]), digest('old'), 'not read again');
    assert.equal(await sha256OfWeights([await file('cached.safetensors', 'newer')]), digest('newer'));
  });

  it('asks of a file what Deno knows of it, too: its time in milliseconds', async () => {
    const { path } = await file('precise.safetensors', 'weights');
    await utimes(path, 1.2, 1234.567_891);
    const { dev, ino, size } = await stat(path);
    assert.equal((await identify(path))?.key, [dev, ino, size, 1_234_567].join(':'));
  });

  it('is refused for a file that has changed or gone', async () => {
    const before = await file('changed.safetensors', 'before');
    await file('changed.safetensors', 'after, and longer');
    await rejectsWith(sha256OfWeights([before]), 'READ_FAILED', /changed\.safetensors changed while it was read/);
    await unlink(before.path);
    await rejectsWith(sha256OfWeights([before]), 'READ_FAILED', /Cannot read .*changed\.safetensors: ENOENT/);
  });

  it('stops on abort', async () => {
    const weights = await file('aborted.safetensors', 'weights');
    await assert.rejects(sha256OfWeights([weights], AbortSignal.abort()), Aborted);
  });
});
