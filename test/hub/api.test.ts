import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { showProgress } from '#lib/cli/base/progress';
import { pull } from '#lib/cli/commands/pull';
import { type DownloadProgress, classify, load, readFrames } from '#lib/index';

import { fakeSession } from '../cli/session';
import { ownEnvironment } from '../support/environment';
import { FakeHub } from '../support/hub';
import { inRoot } from '../support/paths';
import { rejectsWith } from '../support/rejects';
import { samples } from '../support/samples';
import { suiteFolder } from '../support/temp';

const [clip = ''] = samples;
const model = 'motion-videomae';

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the program as a user does, its output going to pipes. */
function tubelet(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [inRoot('bin', 'tubelet.mjs'), ...args], (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

describe('a model of the hub', function () {
  this.timeout(120_000);
  const suite = suiteFolder('hub-api');
  const hub = new FakeHub();

  ownEnvironment(suite);
  before(async () => {
    await hub.start();
    for (const name of await readdir(inRoot('models', model))) {
      hub.files[name] = await readFile(inRoot('models', model, name));
    }
  });
  after(() => {
    hub.stop();
  });
  beforeEach(async () => {
    hub.reset();
    process.env['HF_HOME'] = await mkdtemp(join(suite(), 'home-'));
    process.env['HF_ENDPOINT'] = hub.endpoint;
  });

  it('classifies as the same files in a folder do, downloaded by the first call only', async () => {
    const { predictions, checkpoint } = await classify(clip, { model: 'org/name' });
    const { predictions: expected, checkpoint: same } = await classify(clip, { model });
    assert.deepEqual(predictions, expected);
    assert.deepEqual(checkpoint, { name: 'org/name', revision: hub.commit, sha256: same.sha256 });
    assert.ok(hub.lines.some((line) => line.startsWith('store GET') && line.endsWith('model.safetensors')));
    assert.ok(!hub.lines.some((line) => line.endsWith('README.md')));

    hub.reset();
    await using loaded = await load('org/name@main');
    assert.deepEqual((await loaded.classify(clip)).predictions, expected);
    assert.equal((await readFrames(clip, { model: 'org/name' })).shape[0], loaded.info.sampling.frames);
    assert.deepEqual(hub.asked, []);
  });

  it('gives its sampling without its weights, which a later call that needs them fetches', async () => {
    const { timestamps } = await readFrames(clip, { model: 'org/name' });
    assert.deepEqual(timestamps, (await readFrames(clip, { model })).timestamps);
    assert.ok(!hub.lines.some((line) => line.endsWith('model.safetensors')), hub.lines.join(', '));

    hub.reset();
    await readFrames(clip, { model: 'org/name' });
    assert.deepEqual(hub.asked, []);

    await using loaded = await load('org/name');
    assert.deepEqual((await loaded.classify(clip)).predictions, (await classify(clip, { model })).predictions);
    assert.ok(hub.lines.some((line) => line.startsWith('store GET') && line.endsWith('model.safetensors')));
  });

  it('that is none for video is refused before its weights are fetched', async () => {
    const config = hub.files['config.json']!;
    hub.files['config.json'] = Buffer.from('{"model_type":"bert"}');
    try {
      await rejectsWith(load('org/name'), 'MODEL_INVALID', /config\.json/);
      const { code, stderr } = await tubelet('pull', 'org/name');
      assert.equal(code, 1);
      assert.match(stderr, /\norg\/name: MODEL_INVALID: |^org\/name: MODEL_INVALID: /);
      assert.ok(!hub.lines.some((line) => line.startsWith('store')));
    } finally {
      hub.files['config.json'] = config;
    }
  });

  it('tells the caller how the download goes', async () => {
    const progress: DownloadProgress[] = [];
    const loaded = await load('org/name', { onProgress: (state) => progress.push(state) });
    await loaded.dispose();
    const size = hub.files['model.safetensors']!.length;
    assert.deepEqual(progress.at(-1), { file: 'model.safetensors', received: size, total: size });
    assert.deepEqual(progress.find(({ file }) => file === 'config.json')?.received, 0);
    progress.length = 0;
    await (await load('org/name', { onProgress: (state) => progress.push(state) })).dispose();
    assert.deepEqual(progress, []);
  });

  it('ends with what the caller’s own function throws', async () => {
    const cause = new Error('mine');
    const work = load('org/name', {
      onProgress: () => {
        throw cause;
      },
    });
    const error = await rejectsWith(work, 'INVALID_ARGUMENT', /^load: 'onProgress' threw: mine$/);
    assert.equal(error.cause, cause);
    await rejectsWith(
      load('org/name', { onProgress: 1 as never }),
      'INVALID_ARGUMENT',
      /'onProgress' must be a function/,
    );
  });

  it('that is aborted rejects with the signal’s own reason, and every code has the caller’s line', async () => {
    hub.mischief = () => true;
    const controller = new AbortController();
    const work = load('org/name', { signal: controller.signal });
    const reason = new Error('enough');
    setTimeout(() => {
      controller.abort(reason);
    }, 100);
    await assert.rejects(work, (error) => error === reason);
    hub.reset();
    const { stack } = await rejectsWith(load('org/none'), 'MODEL_NOT_FOUND', /There is no 'org\/none' on http/);
    assert.match(stack?.split('\n    at ')[1] ?? '', /api\.test/);
  });

  it('is pulled by the command, and brought up to date', async () => {
    hub.tags = ['video', 'license:cc-by-nc-4.0'];
    const first = await tubelet('pull', 'org/name', 'org/none', 'nothing');
    assert.equal(first.code, 1);
    const [line = ''] = first.stdout.split('\n');
    const folder = join(process.env['HF_HOME']!, 'hub', 'models--org--name', 'snapshots', hub.commit);
    const licence = { id: 'cc-by-nc-4.0', commercial: false };
    assert.deepEqual(JSON.parse(line), { name: 'org/name', commit: hub.commit, folder, licence });
    const expected = [
      /^downloading config\.json \(0\.0 MB\)$/,
      /^downloading preproc/,
      /^downloading model\.safetensors \(\d\.\d MB\)$/,
    ];
    for (const [index, pattern] of expected.entries()) assert.match(first.stderr.split('\n')[index] ?? '', pattern);
    assert.match(
      first.stderr,
      /\norg\/none: MODEL_NOT_FOUND: .*\nnothing: INVALID_ARGUMENT: 'nothing' is not a hub name/,
    );

    const offline = { HF_HUB_OFFLINE: '1' };
    Object.assign(process.env, offline);
    const classified = await tubelet('classify', clip, '--model', 'org/name', '--top', '1');
    assert.equal(classified.code, 0, classified.stderr);
    assert.equal(classified.stderr, '');
    const forbidden = await tubelet('pull', 'org/name');
    assert.match(
      forbidden.stderr,
      /^org\/name: DOWNLOAD_FAILED: 'org\/name' is not downloaded: .* HF_HUB_OFFLINE forbids/,
    );
    process.env['HF_HUB_OFFLINE'] = '';

    const old = hub.commit;
    hub.commit = 'f'.repeat(40);
    try {
      const { stdout, stderr } = await tubelet('pull', 'org/name');
      assert.equal((JSON.parse(stdout) as { commit: string }).commit, hub.commit);
      assert.equal(stderr, '', 'every blob was there');
    } finally {
      hub.commit = old;
    }
  });

  it('that is not for commercial use says so to a person who pulls it', async () => {
    const lastLine = async (): Promise<string | undefined> => {
      const session = fakeSession();
      assert.equal(await pull.run(['org/name'], session), 0);
      return session.printed.join('\n').split('\n').at(-1);
    };
    hub.tags = ['license:cc-by-nc-4.0'];
    assert.equal(await lastLine(), '  licence cc-by-nc-4.0: not for commercial use');
    hub.tags = ['license:mit'];
    assert.equal(await lastLine(), '  licence mit');
    for (const unknown of ['other', 'unknown', 'llama3']) {
      hub.tags = [`license:${unknown}`];
      assert.equal(await lastLine(), `  licence ${unknown}: not known whether it allows commercial use`);
    }
    hub.tags = [];
    assert.match((await lastLine()) ?? '', /snapshots/);
  });

  it('pull wants a name', async () => {
    const { code, stderr } = await tubelet('pull');
    assert.equal(code, 2);
    assert.match(stderr, /^tubelet pull: name at least one NAME\n/);
    const help = await tubelet('pull', '--help');
    assert.match(help.stdout, /^Usage: tubelet pull NAME\.\.\. \[options\]\n/);
    for (const line of help.stdout.split('\n')) assert.ok(line.length <= 80, line);
  });
});

describe('the progress of a download', () => {
  it('is a bar on a terminal, within its width, that goes when all is done', () => {
    const shown: string[] = [];
    const session = fakeSession({ errorColumns: 60, status: (line) => shown.push(line) });
    const { onProgress, end } = showProgress(session, 'org/name');
    onProgress({ file: 'model.safetensors', received: 0, total: 200e6 });
    onProgress({ file: 'model.safetensors', received: 1e6, total: 200e6 }); // too soon to be seen
    onProgress({ file: '\u001b[2J'.padEnd(80, 'x'), received: 200e6, total: 200e6 });
    end();
    assert.equal(shown.shift(), 'loading org/name');
    assert.equal(shown[0], `${' '.repeat(20)}   0.0%    0.0 of 200.0 MB  model.safe…`);
    assert.match(shown[1] ?? '', /^█{20} {3}100% {2}200\.0 of 200\.0 MB {2}\\u001b\[2Jx…$/);
    assert.deepEqual([shown.length, shown[2]], [3, '']);
    assert.deepEqual(session.complaints, []);
  });

  it('is one line a file elsewhere, and none for what is there', () => {
    const session = fakeSession();
    const { onProgress, end } = showProgress(session, 'org/name');
    onProgress({ file: 'config.json', received: 10, total: 10 });
    for (const received of [0, 1e6, 2e6]) onProgress({ file: 'a.safetensors', received, total: 2e6 });
    end();
    assert.deepEqual(session.complaints, ['downloading a.safetensors (2.0 MB)']);
  });

  it('shows the model on a terminal, and clears it when nothing is downloaded', () => {
    const shown: string[] = [];
    showProgress(fakeSession({ status: (line) => shown.push(line) }), 'org/name').end();
    assert.deepEqual(shown, ['loading org/name', '']);
  });
});
