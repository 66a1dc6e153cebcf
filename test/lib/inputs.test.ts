import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { copyFile, open, readFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { MessageChannel } from 'node:worker_threads';

import {
  type EncodedVideo,
  type ReadFramesResult,
  type TubeletErrorCode,
  type VideoInput,
  classify,
  embed,
  load,
  probe,
  readFrames,
} from '#lib/index';

import { inRoot } from '../support/paths';
import { rejectsWith } from '../support/rejects';
import { samples } from '../support/samples';
import { suiteFolder } from '../support/temp';

const model = 'motion-videomae';
const clip = inRoot('samples', 'pan-right.mp4');

/** Memory that holds the same bytes in every way there is. */
function memories(bytes: Buffer): Record<string, EncodedVideo> {
  const buffer = new ArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  const shared = new SharedArrayBuffer(bytes.length + 8);
  new Uint8Array(shared).set(bytes, 8);
  const padded = new ArrayBuffer(Math.ceil(bytes.length / 4) * 4); // garbage after the end is no harm
  new Uint8Array(padded).set(bytes);
  return {
    'a Buffer': bytes,
    'a Uint8Array in the middle of more': new Uint8Array([1, 2, ...bytes, 3]).subarray(2, -1),
    'an ArrayBuffer': buffer,
    'a DataView': new DataView(buffer.slice()),
    'a Float32Array': new Float32Array(padded),
    'a SharedArrayBuffer': shared.slice(8),
    'a view of shared memory': new Uint8Array(shared, 8),
  };
}

/** Streams of the same bytes, each of which can be read once. */
const streams: Record<string, (bytes: Buffer) => EncodedVideo> = {
  'a file stream': () => createReadStream(clip),
  'a file stream in chunks of 777 bytes': () => createReadStream(clip, { highWaterMark: 777 }),
  'a Readable of buffers': (bytes) => Readable.from([bytes.subarray(0, 1000), bytes.subarray(1000)]),
  'a web stream': (bytes) => new Blob([bytes]).stream(),
  'the body of a Response': (bytes) => new Response(bytes).body!,
  'a generator': async function* (bytes) {
    yield await Promise.resolve(bytes.subarray(0, 5));
    yield new Uint8Array(0);
    yield bytes.subarray(5);
  } as (bytes: Buffer) => AsyncGenerator<Uint8Array>,
  'a Blob': (bytes) => new Blob([bytes]),
  'a File': (bytes) => new File([bytes], 'clip.mp4'),
};

describe('a video', function () {
  this.timeout(120_000);
  let bytes: Buffer;
  let expected: ReadFramesResult;

  before(async () => {
    bytes = await readFile(clip);
    expected = await readFrames(clip);
  });

  function equalsExpected(frames: ReadFramesResult): void {
    assert.deepEqual(frames.timestamps, expected.timestamps);
    assert.ok(Buffer.compare(frames.data, expected.data) === 0, 'the pixels are others');
  }

  it('is a path, absolute or relative, or a URL of a file', async () => {
    for (const video of [relative(process.cwd(), clip), pathToFileURL(clip), new URL(pathToFileURL(clip).href)]) {
      equalsExpected(await readFrames(video));
    }
  });

  it('is a path even where that looks odd', async () => {
    await rejectsWith(readFrames('http:/a.mp4'), 'FILE_NOT_FOUND', /http:\/a\.mp4/);
    await rejectsWith(readFrames('file:a.mp4'), 'FILE_NOT_FOUND', /file:a\.mp4/);
    await rejectsWith(readFrames('-'), 'FILE_NOT_FOUND', /-/);
  });

  it('is memory of every kind', async () => {
    for (const [what, memory] of Object.entries(memories(bytes))) {
      equalsExpected(await readFrames(memory).catch((error: unknown) => assert.fail(`${what}: ${String(error)}`)));
    }
  });

  for (const [what, open] of Object.entries(streams)) {
    it(`is ${what}`, async () => {
      equalsExpected(await readFrames(open(bytes)));
    });
  }

  it('is the same to every function', async () => {
    const loaded = await load(model);
    const { codec, width, height, bytes: size } = await probe(clip);
    const answer = (await classify(clip, { model, logits: true })).logits;
    const vector = (await embed(clip, { model })).data;
    for (const open of [streams['a file stream']!, streams['a Blob']!, (content: Buffer): EncodedVideo => content]) {
      const info = await probe(open(bytes));
      assert.deepEqual([info.codec, info.width, info.height, info.bytes], [codec, width, height, size]);
      assert.deepEqual((await classify(open(bytes), { model, logits: true })).logits, answer);
      assert.deepEqual((await embed(open(bytes), { model })).data, vector);
      assert.deepEqual((await loaded.classify(open(bytes), { logits: true })).logits, answer);
      assert.deepEqual((await loaded.embed(open(bytes))).data, vector);
    }
    await loaded.dispose();
  });

  it('in memory may be overwritten as soon as the call has been made', async () => {
    for (const [what, memory] of Object.entries(memories(Buffer.from(bytes)))) {
      const frames = readFrames(memory);
      const buffer = ArrayBuffer.isView(memory) ? memory.buffer : (memory as ArrayBuffer);
      new Uint8Array(buffer).fill(0);
      equalsExpected(await frames.catch((error: unknown) => assert.fail(`${what}: ${String(error)}`)));
    }
  });

  it('in a path keeps its meaning when the folder changes', async () => {
    const here = process.cwd();
    const frames = readFrames(relative(here, clip));
    process.chdir('/');
    try {
      equalsExpected(await frames);
    } finally {
      process.chdir(here);
    }
  });

  it('goes by its bytes and not by its name', async () => {
    await rejectsWith(readFrames(new File(['no video'], 'clip.mp4')), 'NOT_A_VIDEO', /^'clip\.mp4' is not a video/);
    equalsExpected(await readFrames(new File([bytes], 'notes.txt')));
  });

  const folder = suiteFolder('inputs');

  it('is what a link names, whatever characters its name has', async () => {
    const odd = join(folder(), 'söme thing#?%20.mp4');
    await copyFile(clip, odd);
    equalsExpected(await readFrames(odd));
    equalsExpected(await readFrames(pathToFileURL(odd)));
  });

  const detached = (): Uint8Array => {
    const array = new Uint8Array(8);
    new MessageChannel().port1.postMessage(array, [array.buffer]);
    return array;
  };
  const wrong: [what: string, make: () => unknown, message: RegExp][] = [
    ['nothing', () => undefined, /got undefined$/],
    ['null', () => null, /got null$/],
    ['a number', () => 7, /got 7 \(a number\)$/],
    ['an object', () => ({}), /a URL object, bytes, a Blob, a stream or raw frames, got \{\}$/],
    ['an empty path', () => '', /got an empty string$/],
    ['a NUL in a path', () => 'a\0.mp4', /contains a NUL character$/],
    ['an address as a string', () => 'https://example.org/a.mp4', /: for an address pass new URL\(\.\.\.\)$/],
    ['an address of a file as a string', () => pathToFileURL(clip).href, /pass new URL\(\.\.\.\)$/],
    ['a promise', () => Promise.resolve(clip), /: is an await missing\?$/],
    ['paths', () => [clip, clip], /: call once for each$/],
    ['an empty list', () => [], /got \[\]$/],
    ['a response', () => new Response('x'), /: pass its body$/],
    ['a URL of another kind', () => new URL('ftp://example.org/a'), /file:, http: or https:, got one with ftp:$/],
    ['data in a URL', () => new URL('data:video/mp4;base64,AAAA'), /got one with data:$/],
    [
      'a password in a URL',
      () => new URL('http://me:secret@example.org/'),
      /a user name or password: fetch it yourself/,
    ],
    ['a file of another machine', () => new URL('file://example.org/a.mp4'), /names no file here/],
    ['memory that was given away', detached, /has no memory any more/],
  ];
  for (const [what, make, message] of wrong) {
    it(`is not ${what}: INVALID_ARGUMENT from every function, at the caller's line`, async () => {
      const functions: ((video: EncodedVideo) => Promise<unknown>)[] = [classify, embed, readFrames, probe];
      for (const call of functions) {
        const error = await rejectsWith(call(make() as EncodedVideo), 'INVALID_ARGUMENT', message);
        assert.ok(error.message.startsWith(`${call.name}: `), error.message);
        assert.ok(!error.message.includes('secret'));
        assert.match(error.stack?.split('\n    at ')[1] ?? '', /inputs\.test/);
      }
    });
  }

  it('is not a file handle, and the message says what is', async () => {
    const handle = await open(clip);
    await rejectsWith(readFrames(handle as never), 'INVALID_ARGUMENT', /: pass its createReadStream\(\)$/);
    await handle.close();
  });

  const bad: [what: string, make: () => VideoInput, code: TubeletErrorCode, message: RegExp][] = [
    ['no bytes', () => new Uint8Array(0), 'NOT_A_VIDEO', /^<bytes> is empty\.$/],
    ['an empty Blob', () => new Blob([]), 'NOT_A_VIDEO', /^<Blob> is empty\.$/],
    ['an empty stream', () => Readable.from([]), 'NOT_A_VIDEO', /^<stream> is empty\.$/],
    ['text', () => Buffer.from('This is no video.\n'.repeat(100)), 'NOT_A_VIDEO', /^<bytes> is not a video/],
    [
      'half a file',
      () => bytes.subarray(0, bytes.length / 2),
      'TRUNCATED_VIDEO',
      /<bytes> was cut short|<bytes>: it was/,
    ],
    ['half a stream', () => Readable.from([bytes.subarray(0, bytes.length / 2)]), 'TRUNCATED_VIDEO', /<stream>/],
  ];
  for (const [what, make, code, message] of bad) {
    it(`of ${what}: ${code}`, async () => {
      const error = await rejectsWith(readFrames(make()), code, message);
      assert.doesNotMatch(error.message, /\/proc|\/tmp/);
    });
  }

  it('of every sample is the same as bytes', async () => {
    for (const sample of samples) {
      const file = await readFrames(sample, { sampling: 'spread', frames: 3 });
      const memory = await readFrames(await readFile(sample), { sampling: 'spread', frames: 3 });
      assert.deepEqual(memory.timestamps, file.timestamps, basename(sample));
      assert.ok(Buffer.compare(memory.data, file.data) === 0, basename(sample));
    }
  });
});
