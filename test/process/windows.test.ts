import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { suiteFolder } from '../support/temp';
import { runChild } from './child';
import { smallModel } from './fixtures';

const run = promisify(execFile);

describe('windows of a video of ten hours', function () {
  this.timeout(120_000);
  const folder = suiteFolder('ten-hours');

  async function most(video: string, windows: number): Promise<number> {
    const { code, said, stderr } = await runChild('windows', [smallModel, video, '60']);
    assert.equal(code, 0, stderr);
    assert.equal(said.get('windows'), windows);
    return said.get('most') as number;
  }

  it('take no more memory than those of five minutes', async () => {
    const [short, long] = [join(folder(), 'short.mp4'), join(folder(), 'long.mp4')];
    const source = ['-f', 'lavfi', '-i', 'testsrc2=size=64x48:rate=2', '-t', '300'];
    const quiet = ['-nostdin', '-v', 'error'];
    await run('ffmpeg', [...quiet, ...source, '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '20', short]);
    await run('ffmpeg', [...quiet, '-stream_loop', '119', '-i', short, '-c', 'copy', long]);
    const [little, much] = [await most(short, 5), await most(long, 600)];
    // Some tens of bytes for each of 72,000 frames: a list of when they are shown.
    assert.ok(much - little < 40e6, `${Math.round(little / 1e6)} MB, and ${Math.round(much / 1e6)} MB`);
  });
});
