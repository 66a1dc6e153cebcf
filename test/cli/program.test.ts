import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';

import { PNG } from 'pngjs';

import { packageVersion } from '#lib/base/package';
import {
  type ClassifyResult,
  type ClassifyWindowsResult,
  type EmbedResult,
  type EmbedWindowsResult,
  type ExportResult,
  type ProbeResult,
  classify,
} from '#lib/index';

import { folderOfClips } from '../support/folder';
import { inRoot } from '../support/paths';
import { samples } from '../support/samples';
import { suiteFolder } from '../support/temp';

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs the program as a user does, in another process, with `under` before its command line. Its output goes to a pipe,
 * so that it writes JSON.
 */
async function tubelet(
  args: string[],
  {
    input = '',
    under = [],
    ...options
  }: { cwd?: string; env?: Record<string, string>; input?: string | Buffer; under?: string[] } = {},
): Promise<Outcome> {
  const env = { ...process.env, ...options.env };
  const line = [...under, process.execPath, inRoot('bin', 'tubelet.mjs'), ...args] as [string, ...string[]];
  const child = spawn(line[0], line.slice(1), { ...options, env });
  child.stdin.on('error', () => undefined); // a program that does not read its input to the end
  child.stdin.end(input);
  const outcome: Outcome = { code: null, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (outcome.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (outcome.stderr += text));
  await once(child, 'close');
  outcome.code = child.exitCode;
  return outcome;
}

function jsonLines(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}

const [clip = ''] = samples;
const model = 'motion-vivit';

describe('the program', function () {
  this.timeout(180_000);

  it('explains itself', async () => {
    const { code, stdout } = await tubelet(['--help']);
    assert.equal(code, 0);
    for (const word of [
      'classify',
      'embed',
      'probe',
      'frames',
      'merge',
      'compare',
      'models',
      'pull',
      'export',
      'Examples:',
      'Exit codes',
    ]) {
      assert.ok(stdout.includes(word), word);
    }
    for (const args of [['-h'], ['help'], ['--no-color', 'help']]) {
      assert.deepEqual(await tubelet(args), { code: 0, stdout, stderr: '' });
    }
    assert.deepEqual(await tubelet(['help', 'probe']), await tubelet(['probe', '--help']));
    assert.deepEqual(await tubelet(['--version']), { code: 0, stdout: `${packageVersion()}\n`, stderr: '' });
  });

  for (const command of ['classify', 'embed', 'probe', 'frames', 'compare']) {
    it(`explains ${command}, with examples, in 80 columns`, async () => {
      const { code, stdout } = await tubelet([command, '--help']);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^Usage: tubelet ${command} FILE\\.\\.\\. \\[options\\]\n`));
      assert.ok(stdout.includes(`Examples:\n  tubelet ${command}`));
      for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
    });
  }

  it('explains models, with examples, in 80 columns', async () => {
    const { code, stdout } = await tubelet(['models', '--help']);
    assert.equal(code, 0);
    assert.match(stdout, /^Usage: tubelet models \[options\]\n/);
    assert.ok(stdout.includes('Examples:\n  tubelet models'));
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
  });

  it('explains export, with examples, in 80 columns', async () => {
    const { code, stdout } = await tubelet(['export', '--help']);
    assert.equal(code, 0);
    assert.match(stdout, /^Usage: tubelet export --model NAME --output FILE\.pt \[options\]\n/);
    assert.ok(stdout.includes('Examples:\n  tubelet export'));
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
  });

  it('explains merge, with examples, in 80 columns', async () => {
    const { code, stdout } = await tubelet(['merge', '--help']);
    assert.equal(code, 0);
    assert.match(stdout, /^Usage: tubelet merge PART\.\.\. --output FILE \[options\]\n/);
    assert.ok(stdout.includes('Examples:\n  tubelet merge'));
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
  });

  for (const [args, message] of [
    [[], /^Usage: tubelet COMMAND/],
    [['clasify'], /^tubelet: there is no command 'clasify' \(did you mean 'classify'\?\)/],
    [['constructor'], /^tubelet: there is no command 'constructor'/],
    [['classify'], /^tubelet classify: name at least one FILE\nTry 'tubelet classify --help'\.\n$/],
    [['classify', '--tpo', '1', 'a'], /^tubelet classify: unknown option '--tpo' \(did you mean '--top'\?\)\n/],
    [['classify', '--top', '0', 'a'], /^tubelet classify: --top takes a whole number/],
    [['frames', '--output', 'a.png', 'a', 'b'], /^tubelet frames: --output takes one FILE\n/],
    [['frames', '--output', 'a.png', '--files-from', 'a'], /^tubelet frames: --output takes one FILE, and no list\n/],
    [['probe', 'https://a.b/c?d'], /^tubelet probe: 'https:\/\/a\.b\/c\?d' is an address: use --url https:\/\/a/],
    [['help', 'clasify'], /^tubelet: there is no command 'clasify' \(did you mean 'classify'\?\)/],
    [['compare', '--models', ',', 'a'], /^tubelet compare: --models takes names/],
    [['classify', '--device', 'gpu', 'a'], /^tubelet classify: --device takes cpu, cuda, cuda:0 .*, not 'gpu'\n/],
    [['embed', '--device', 'cuda:x', 'a'], /^tubelet embed: --device takes cpu, .*, not 'cuda:x'\n/],
    [['compare', '--device', 'cuda0', 'a'], /^tubelet compare: --device takes cpu, .*, not 'cuda0'\n/],
    [['compare', '-'], /^tubelet compare: compare reads a FILE once for each model: - is none\n/],
    [['merge', '--output', 'a.csv'], /^tubelet merge: name at least one PART\n/],
    [['merge', 'a.jsonl'], /^tubelet merge: name the file to write: --output FILE\n/],
    [['models', 'motion-vivit'], /^tubelet models: takes options only, not 'motion-vivit'\n/],
    [['export', '--model', 'a'], /^tubelet export: name the file to write: --output FILE\.pt\n/],
    [['export', '--output', 'a.bin'], /^tubelet export: --output takes a name that ends in \.pt, not 'a\.bin'\n/],
    [['export', 'motion-vivit', '--output', 'a.pt'], /^tubelet export: takes options only, not 'motion-vivit'\n/],
    [['models', '--jsn'], /^tubelet models: unknown option '--jsn' \(did you mean '--json'\?\)/],
    [['probe', '-', '-'], /^tubelet probe: standard input can be read once only\n/],
    [['probe', '--url', 'a.mp4'], /^tubelet probe: --url takes an address with http: or https:, not 'a\.mp4'\n/],
    [['probe', '--url', 'file:///a.mp4'], /^tubelet probe: --url takes an address with http: or https:/],
    [['probe', '--bt709', 'a'], /^tubelet probe: unknown option '--bt709'/],
    [['embed', '--stream', '-1', 'a'], /^tubelet embed: .*'--stream/],
    [['embed', '--stream', '1.5', 'a'], /^tubelet embed: --stream takes a whole number from 0 to 1000000, not '1\.5'/],
    [['embed', '--layer', '-1', 'a'], /^tubelet embed: .*'--layer/],
    [['embed', '--layer', '1025', 'a'], /^tubelet embed: --layer takes a whole number from 0 to 1024, not '1025'/],
    [['embed', '--pooling', 'max', 'a'], /^tubelet embed: --pooling takes one of head, mean, cls, none, not 'max'/],
    [['frames', '--start', 'x', 'a'], /^tubelet frames: --start takes seconds from 0 on, .*not 'x'/],
    [['frames', '--timestamps', '1,,2', 'a'], /^tubelet frames: --timestamps takes seconds from 0 on, .*not ''/],
    [['frames', '--indices', '1,b', 'a'], /^tubelet frames: --indices takes a whole number from 0 to \d+, not 'b'/],
    [['frames', '--indices', '1', '--timestamps', '1', 'a'], /^tubelet frames: --sampling, --timestamps, --ind/],
    [['frames', '--recipe', 'tutorial', '--indices', '1', 'a'], /^tubelet frames: .* exclude each other/],
    [['frames', '--sampling', 'paper', 'a'], /^tubelet frames: --sampling takes one of trained, .*, not 'paper'/],
    [['compare', '--recipe', 'tutorial', '--sampling', 'paper', 'a'], /^tubelet compare: --recipe and --sampling exc/],
    [['classify', '--recipe', 'blog', 'a'], /^tubelet classify: --recipe takes tutorial, not 'blog'/],
    [['embed', '--resize', 'bicubic', 'a'], /^tubelet embed: --resize takes one of antialias, plain, not 'bicubic'/],
    [['classify', '--range', 'full', 'a'], /^tubelet classify: --range takes one of processor, paper, not 'full'/],
    [['frames', '--sampling', 'spread', '--indices', '1', 'a'], /^tubelet frames: .* exclude each other/],
    [['classify', '--windows', '0', 'a'], /^tubelet classify: --windows takes seconds above 0, as LENGTH or/],
    [['embed', '--windows', '5', '--indices', '1', 'a'], /^tubelet embed: --windows goes with no --timestamps/],
    [['classify', '--timeout', '0', 'a'], /^tubelet classify: --timeout takes a number of seconds above 0/],
    [
      ['classify', '--limit', 'size=3', 'a'],
      /^tubelet classify: --limit takes NAME=N with one of bytes, pixels, frames/,
    ],
    [['classify', '--limit', 'bytes', 'a'], /^tubelet classify: --limit takes NAME=N/],
    [['classify', '--limit', 'bytes=many', 'a'], /^tubelet classify: --limit bytes= takes a whole number from 1 to/],
  ] as const) {
    it(`ends with 2 for: ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await tubelet([...args]);
      assert.equal(code, 2);
      assert.equal(stdout, '');
      assert.match(stderr, message);
    });
  }
});

describe('the program on clips', function () {
  this.timeout(180_000);
  const folder = suiteFolder('cli');

  it('classify prints one JSON line a file', async () => {
    const { code, stdout, stderr } = await tubelet([
      'classify',
      ...samples,
      '--model',
      model,
      '--top',
      '2',
      '--logits',
    ]);
    assert.equal(code, 0, stderr);
    const lines = jsonLines(stdout) as (ClassifyResult & { file: string })[];
    assert.deepEqual(
      lines.map(({ file }) => file),
      samples,
    );
    for (const { predictions, logits, checkpoint } of lines) {
      assert.equal(predictions.length, 2);
      assert.equal((logits as unknown as number[]).length, 10);
      assert.equal(checkpoint.name, model);
    }
  });

  it('classify and embed give a result for each window', async () => {
    const named = await tubelet(['classify', clip, '--model', model, '--windows', '1/0.5', '--top', '1']);
    assert.equal(named.code, 0, named.stderr);
    const [classified] = jsonLines(named.stdout) as (ClassifyWindowsResult & { file: string })[];
    assert.equal(classified?.file, clip);
    assert.ok(classified.windows.length > 3 && classified.segments.length > 0);
    assert.deepEqual([classified.windows[1]?.start, classified.windows[1]?.end], [0.5, 1.5]);
    const vectors = await tubelet(['embed', clip, '--model', model, '--windows', '1/0.5', '--normalize']);
    const [embedded] = jsonLines(vectors.stdout) as EmbedWindowsResult[];
    assert.equal(embedded?.windows.length, classified.windows.length);
    assert.ok(Array.isArray(embedded.windows[0]?.data));
  });

  it('classify names the classes as a label file does', async () => {
    const file = join(folder(), 'labels.txt');
    await writeFile(file, 'abcdefghij'.split('').join('\n'));
    const { stdout } = await tubelet(['classify', clip, '--model', model, '--labels', file]);
    const [{ predictions }] = jsonLines(stdout) as [ClassifyResult];
    for (const { label, index } of predictions) assert.equal(label, 'abcdefghij'[index]);
    await writeFile(file, 'a\nb\n');
    const { code, stderr } = await tubelet(['classify', clip, '--model', model, '--labels', file]);
    assert.equal(code, 1);
    assert.match(stderr, /^tubelet classify: INVALID_ARGUMENT: --labels has 2 entries, but 'motion-vivit' has 10/);
  });

  it('classify and compare take the published tests and the recipe', async () => {
    const { stdout, stderr } = await tubelet(['classify', clip, '--model', model, '--sampling', 'paper']);
    const [{ views, timestamps }] = jsonLines(stdout) as [ClassifyResult];
    assert.deepEqual(views, { clips: 4, crops: 3 }, stderr);
    assert.equal(timestamps.length, 4 * 8);
    const compared = await tubelet(['compare', clip, '--models', model, '--recipe', 'tutorial', '--json']);
    const [{ models }] = jsonLines(compared.stdout) as [{ models: ClassifyResult[] }];
    assert.deepEqual(
      models[0]?.predictions,
      (await classify(clip, { model, recipe: 'tutorial' })).predictions,
      compared.stderr,
    );
  });

  it('embed and classify resize and scale as they are told', async () => {
    const vector = async (...options: string[]): Promise<number[]> => {
      const { stdout, stderr } = await tubelet(['embed', clip, '--model', model, ...options]);
      assert.equal(stderr, '');
      return (jsonLines(stdout) as [{ data: number[] }])[0].data;
    };
    const asIs = await vector();
    assert.notDeepEqual(await vector('--resize', 'plain'), asIs);
    assert.deepEqual(await vector('--resize', 'antialias', '--range', 'processor'), asIs);
  });

  it('export writes a file, which classify, embed and compare run with --trust', async () => {
    const cwd = folder();
    const { code, stdout, stderr } = await tubelet(['export', '--model', model, '--output', 'a.pt'], { cwd });
    assert.equal(code, 0, stderr);
    const [{ file, bytes, checkpoint }] = jsonLines(stdout) as [ExportResult];
    assert.deepEqual([file, checkpoint.name], [join(cwd, 'a.pt'), model]);
    assert.equal((await readFile(file)).length, bytes);

    const again = await tubelet(['export', '--model', 'motion-videomae', '--output', 'a.pt'], { cwd });
    assert.equal(again.code, 1);
    assert.match(again.stderr, /^tubelet export: WRITE_FAILED: .*a\.pt is there already\. .*--force/);
    const forced = await tubelet(['export', '--model', model, '--output', 'a.pt', '--force'], { cwd });
    assert.equal(forced.code, 0, forced.stderr);

    const refused = await tubelet(['classify', clip, '--model', 'a.pt'], { cwd });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^tubelet classify: UNTRUSTED_MODEL: .*a\.pt is a TorchScript file.*--trust/);
    const logits = async (name: string): Promise<unknown> => {
      const run = await tubelet(['classify', clip, '--model', name, '--trust', '--logits'], { cwd });
      assert.equal(run.code, 0, run.stderr);
      return (jsonLines(run.stdout) as [ClassifyResult])[0].logits;
    };
    assert.deepEqual(await logits('a.pt'), await logits(model));
    const embedded = await tubelet(['embed', clip, '--model', 'a.pt', '--trust'], { cwd });
    assert.equal(embedded.code, 0, embedded.stderr);
    const compared = await tubelet(['compare', clip, '--models', `a.pt,${model}`, '--trust', '--json'], { cwd });
    assert.equal(compared.code, 0, compared.stderr);
    assert.match(compared.stdout, /"models":\[\{"predictions":/);
  });

  it('export on a full disk leaves nothing', async () => {
    const under = ['sh', '-c', 'ulimit -f 1000; exec "$0" "$@"']; // half a megabyte a file
    const cwd = await mkdtemp(join(folder(), 'full-'));
    const { code, stderr } = await tubelet(['export', '--model', model, '--output', 'a.pt'], { cwd, under });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^tubelet export: WRITE_FAILED: Cannot write .*a\.pt: File too large\. Nothing of it is kept\./,
    );
    assert.deepEqual(await readdir(cwd), []);
  });

  it('models prints one JSON line a checkpoint', async () => {
    const { code, stdout } = await tubelet(['models']);
    assert.equal(code, 0);
    const lines = jsonLines(stdout) as { name: string; cached: boolean; licence: { id: string } }[];
    assert.ok(lines.some(({ name, cached, licence }) => name === model && cached && licence.id === 'MIT'));
    assert.equal((await tubelet(['models', '--json'])).stdout, stdout);
  });

  it('embed prints the vector', async () => {
    const { code, stdout, stderr } = await tubelet(['embed', clip, '--model', model, '--normalize']);
    assert.equal(code, 0, stderr);
    const [{ data, normalized }] = jsonLines(stdout) as [EmbedResult];
    const norm = Math.hypot(...(data as unknown as number[]));
    assert.ok(normalized && Math.abs(norm - 1) < 1e-5, String(norm));
  });

  it('embed prints a layer, as a grid if asked to', async () => {
    const args = ['embed', clip, '--model', model, '--layer', '2'];
    const [vector] = jsonLines((await tubelet(args)).stdout) as [EmbedResult];
    assert.deepEqual([vector.shape, vector.data.length], [[160], 160]);
    const { code, stdout, stderr } = await tubelet([...args, '--pooling', 'none']);
    assert.equal(code, 0, stderr);
    const [grid] = jsonLines(stdout) as [EmbedResult];
    assert.deepEqual([grid.shape, grid.data.length], [[4, 4, 4, 160], 4 * 4 * 4 * 160]);

    const failed = await tubelet(['embed', clip, '--model', model, '--layer', '99']);
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /has the layers 0 \(the patch embedding\) to \d+, and --layer asks for 99/);
  });

  it('probe prints the headers', async () => {
    const { code, stdout } = await tubelet(['probe', clip]);
    assert.equal(code, 0);
    const [{ codec, width, streams }] = jsonLines(stdout) as [ProbeResult];
    assert.equal(codec, 'h264');
    assert.ok(width > 0 && streams.length > 0);
  });

  it('frames writes a picture with every frame', async () => {
    const { code, stdout, stderr } = await tubelet(['frames', clip, '--frames', '6'], { cwd: folder() });
    assert.equal(code, 0, stderr);
    const [line] = jsonLines(stdout) as [{ output: string; shape: number[]; timestamps: number[]; data?: unknown }];
    assert.equal(line.output, `${basename(clip, '.mp4')}.frames.png`);
    assert.equal(line.timestamps.length, 6);
    assert.equal(line.data, undefined);
    const png = PNG.sync.read(await readFile(join(folder(), line.output)));
    assert.ok(png.width > 3 * 100 && png.height > 2 * 50, `${png.width} x ${png.height}`);
    assert.ok(new Set(png.data).size > 50, 'it has pictures in it');
  });

  it('frames says where it could not write', async () => {
    const output = join(folder(), 'nowhere', 'a.png');
    const { code, stderr } = await tubelet(['frames', clip, '--output', output]);
    assert.equal(code, 1);
    assert.match(stderr, /: WRITE_FAILED: Cannot write \S*nowhere.a\.png: ENOENT: no such file or directory\n$/);
  });

  it('compare shows all bundled models and the times, within 80 columns', async () => {
    const { code, stdout, stderr } = await tubelet(['compare', clip], { env: { COLUMNS: '80' } });
    assert.equal(code, 0, stderr);
    for (const word of [
      'motion-vivit',
      'motion-timesformer',
      'motion-videomae',
      'load',
      'decode',
      'prepare',
      'infer',
    ]) {
      assert.ok(stdout.includes(word), word);
    }
    assert.match(stdout, /infer {2,}total {2}threads\n(.* \d+\n){3}.*, fp32/);
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
  });

  it('compare says in which precision', async () => {
    const { code, stdout, stderr } = await tubelet(['compare', clip, '--models', model, '--precision', 'bf16']);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /infer {2,}total {2}threads\n.* \d+\n.*, bf16\n/);
  });

  it('classify and embed take a precision, and refuse what is none', async () => {
    for (const command of ['classify', 'embed']) {
      const { stdout } = await tubelet([command, clip, '--model', model, '--precision', 'bf16']);
      const [{ precision }] = jsonLines(stdout) as [ClassifyResult];
      assert.equal(precision, 'bf16', command);
      const wrong = await tubelet([command, clip, '--precision', 'int8']);
      assert.equal(wrong.code, 2);
      assert.match(wrong.stderr, /--precision takes fp32, bf16 or auto, not 'int8'/);
    }
  });

  it('compare --json has each model with its load time', async () => {
    const { stdout } = await tubelet(['compare', clip, '--models', `${model},motion-videomae`, '--top', '1', '--json']);
    const [{ file, cpu, models }] = jsonLines(stdout) as [
      { file: string; cpu: string; models: (ClassifyResult & { milliseconds: { load: number } })[] },
    ];
    assert.equal(file, clip);
    assert.ok(cpu.length > 0);
    assert.deepEqual(
      models.map(({ checkpoint }) => checkpoint.name),
      [model, 'motion-videomae'],
    );
    for (const { milliseconds, predictions } of models) {
      assert.ok(milliseconds.load > 0 && milliseconds.infer > 0);
      assert.equal(predictions.length, 1);
    }
  });

  it('reads standard input', async () => {
    const input = await readFile(clip);
    for (const command of ['classify', 'embed']) {
      const named = await tubelet([command, clip, '--model', model]);
      const piped = await tubelet([command, '-', '--model', model], { input });
      assert.equal(piped.code, 0, piped.stderr);
      const [[expected], [result]] = [jsonLines(named.stdout), jsonLines(piped.stdout)] as [object[], object[]];
      assert.deepEqual({ ...result, milliseconds: 0, file: clip }, { ...expected, milliseconds: 0 });
      assert.equal((result as { file: string }).file, '-');
    }
    const probed = await tubelet(['probe', '-'], { input });
    assert.equal((jsonLines(probed.stdout) as [ProbeResult])[0].codec, 'h264');
    const { stdout } = await tubelet(['frames', '-', '--frames', '2'], { input, cwd: folder() });
    assert.equal((jsonLines(stdout) as [{ output: string }])[0].output, 'stdin.frames.png');
  });

  it('says what is wrong with standard input', async () => {
    for (const [input, message] of [
      ['', /^-: NOT_A_VIDEO: <stream> is empty\.\n$/],
      ['no video', /^-: NOT_A_VIDEO: <stream> is not a video file/],
    ] as const) {
      const { code, stderr } = await tubelet(['probe', '-'], { input });
      assert.equal(code, 1);
      assert.match(stderr, message);
    }
    const { code, stderr } = await tubelet(['probe', '-', '--limit', 'bytes=1000'], { input: Buffer.alloc(1001) });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^-: LIMIT_EXCEEDED: <stream> has at least 1001 bytes; the limit is 1000\. Raise --limit bytes=N/,
    );
  });

  it('fetches addresses, files first, and reports those that fail', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/folder/clip.mp4?key=1') createReadStream(clip).pipe(response);
      else response.writeHead(404).end();
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const at = (path: string): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
    const [good, bad] = [at('/folder/clip.mp4?key=1'), at('/missing')];
    const probed = await tubelet(['probe', '--url', good, '--url', bad, clip]);
    assert.equal(probed.code, 1);
    assert.match(probed.stderr, /^http:.*\/missing: READ_FAILED: .*the server answered 404 Not Found/);
    assert.doesNotMatch(probed.stderr, /missing.*missing/);
    assert.deepEqual(
      (jsonLines(probed.stdout) as { file: string; error?: { code: string } }[]).map(({ file, error }) => [
        file,
        error?.code,
      ]),
      [
        [clip, undefined],
        [good, undefined],
        [bad, 'READ_FAILED'],
      ],
    );
    const classified = await tubelet(['classify', '--url', good, '--model', model]);
    assert.equal(classified.code, 0, classified.stderr);
    const { stdout, stderr } = await tubelet(['frames', '--url', good, '--frames', '2'], { cwd: folder() });
    assert.equal((jsonLines(stdout) as [{ output: string }])[0].output, 'clip.frames.png', stderr);
    server.closeAllConnections();
    server.close();
  });

  it('ends a video that takes too long', async () => {
    const child = spawn(process.execPath, [inRoot('bin', 'tubelet.mjs'), 'probe', '-', '--timeout', '0.2']);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    await once(child, 'close'); // nothing is ever written to its input
    assert.equal(child.exitCode, 1);
    assert.match(stderr, /^-: TIMEOUT: .*longer than --timeout allows, 200 ms/);
  });

  it('samples what it is told', async () => {
    const timesOf = async (...args: string[]): Promise<number[]> => {
      const { code, stdout, stderr } = await tubelet(['frames', clip, ...args], { cwd: folder() });
      assert.equal(code, 0, stderr);
      return (jsonLines(stdout) as [{ timestamps: number[] }])[0].timestamps;
    };
    const all = await timesOf('--sampling', 'consecutive', '--frames', '30');
    assert.deepEqual(await timesOf('--indices', '7,3,7'), [all[7], all[3], all[7]]);
    assert.deepEqual(
      await timesOf('--timestamps', '0.5,0.1'),
      [0.5, 0.1].map((at) => all.findLast((t) => t <= at + 1e-6)),
    );
    const part = await timesOf('--sampling', 'spread', '--frames', '4', '--start', '0.2', '--end', '0.6');
    assert.ok(
      part.every((t) => t >= 0.2 - 0.04 && t < 0.6),
      part.join(),
    );
    assert.ok((part[3] ?? 0) > 0.4);
  });

  it('looks for the video before it looks for the model', async () => {
    const { code, stderr } = await tubelet(['classify', 'missing.mp4', '--model', 'no/model']);
    assert.equal(code, 1);
    assert.match(stderr, /^missing\.mp4: FILE_NOT_FOUND: [^\n]*\n$/);
  });

  it('reports a file that fails, goes on with the others, and ends with 1', async () => {
    const text = join(folder(), 'te\u001bxt.mp4');
    await writeFile(text, 'this is no video');
    const { code, stdout, stderr } = await tubelet(['classify', text, 'missing.mp4', clip, '--model', model]);
    assert.equal(code, 1);
    assert.deepEqual(
      (jsonLines(stdout) as { file: string; error?: { code: string } }[]).map(({ file, error }) => [file, error?.code]),
      [
        [text, 'NOT_A_VIDEO'],
        ['missing.mp4', 'FILE_NOT_FOUND'],
        [clip, undefined],
      ],
    );
    const [first = '', second = ''] = stderr.trim().split('\n');
    assert.ok(first.startsWith(`${folder()}/te\\u001bxt.mp4: NOT_A_VIDEO: The file is not a video file.`), first);
    assert.match(second, /^missing\.mp4: FILE_NOT_FOUND: There is no such file\./);
    assert.ok(!stderr.includes('\u001b'));
  });

  for (const [command, ...options] of [
    ['classify', '--model', model],
    ['embed', '--model', model],
    ['probe'],
    ['frames', '--frames', '2'],
    ['compare', '--json', '--models', model],
  ] as const) {
    it(`${command} has a line of JSON for everything that is named, in that order`, async () => {
      const names = ['nothing*.mp4', clip, 'none*.mp4', 'missing.mp4', clip, inRoot('package.json'), 'nothing?.mp4'];
      const { code, stdout, stderr } = await tubelet([command, ...names, ...options], { cwd: folder() });
      assert.equal(code, 1, stderr);
      const lines = jsonLines(stdout) as { file: string; error?: { code: string; message: string } }[];
      assert.deepEqual(
        lines.map(({ file, error }) => [file, error?.code]),
        names.map((name) => {
          const wrong = name === inRoot('package.json') ? 'NOT_A_VIDEO' : 'FILE_NOT_FOUND';
          return [name, name === clip ? undefined : wrong];
        }),
      );
      for (const { error } of lines) if (error !== undefined) assert.ok(error.message.length > 10);
    });
  }

  it('probe and frames take folders and lists', async () => {
    const clips = join(folder(), 'clips');
    await folderOfClips(join(clips, 'deep'), 2);
    await folderOfClips(clips, 1);
    for (const command of ['probe', 'frames']) {
      const named = await tubelet([command, 'clips'], { cwd: folder() });
      assert.equal(named.code, 0, named.stderr);
      const files = (jsonLines(named.stdout) as { file: string }[]).map(({ file }) => file);
      assert.equal(files.length, 3);
      const listed = await tubelet([command, '--files-from', '-'], { cwd: folder(), input: files.join('\n') });
      assert.deepEqual(
        (jsonLines(listed.stdout) as { file: string }[]).map(({ file }) => file),
        files,
      );
      if (command === 'frames') {
        const outputs = (jsonLines(named.stdout) as { output: string }[]).map(({ output }) => output);
        assert.equal(new Set(outputs).size, 3, 'each has a picture of its own');
      }
    }
    const single = await tubelet(['frames', 'clips', '-o', 'one.png'], { cwd: folder() });
    assert.deepEqual([single.code, single.stderr.includes('--output takes one FILE')], [2, true]);
  });

  it('says what is wrong with a model and ends with 1', async () => {
    const { code, stderr } = await tubelet(['classify', clip, '--model', 'motion-vivt']);
    assert.equal(code, 1);
    assert.match(stderr, /^tubelet classify: MODEL_NOT_FOUND: .*Did you mean 'motion-vivit'\?/);
  });

  it('ends quietly when nobody reads on', async () => {
    const child = spawn('sh', [
      '-c',
      '"$0" "$@" | head -n 1',
      process.execPath,
      inRoot('bin', 'tubelet.mjs'),
      'probe',
      ...Array.from({ length: 200 }, () => clip),
    ]);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    await once(child, 'close');
    assert.equal(jsonLines(stdout).length, 1);
    assert.equal(stderr, '');
  });

  it('stops on Ctrl-C', async () => {
    const many = Array.from({ length: 5000 }, () => clip);
    const child = spawn(process.execPath, [inRoot('bin', 'tubelet.mjs'), 'classify', '--model', model, ...many]);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    await once(child.stdout, 'data');
    const asked = performance.now();
    child.kill('SIGINT');
    child.stdout.resume();
    await once(child, 'close');
    assert.equal(child.exitCode, 130);
    assert.equal(stderr, '');
    assert.ok(performance.now() - asked < 5000);
  });
});
