// Calls that must work in every realm: a test file of jest's or vitest's, or a script in a vm context. The program that runs
// it defines `test`, `assert`, `tubelet`, `fs` (node:fs) and `clip` (the path of a sample); all else is of the realm itself.
/* global test, assert, tubelet, fs, clip, AbortController, Blob, Buffer, TextEncoder, URL */

const model = 'motion-vivit';

async function failureOf(call) {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error('It did not fail');
}

test('classify', async () => {
  const result = await tubelet.classify(clip, { model, topK: 1, logits: true });
  const { predictions, logits, timestamps, clip: part } = result;
  assert.strictEqual(predictions[0].label, 'zoom in');
  assert.ok(logits instanceof Float32Array);
  assert.ok(timestamps instanceof Array);
  assert.ok(part instanceof Object);
});

test('classify, with windows', async () => {
  const { windows, segments } = await tubelet.classify(clip, { model, windows: { length: 1 } });
  assert.ok(windows.length > 1 && segments instanceof Array);
  for (const { timestamps, predictions } of windows) {
    assert.ok(timestamps instanceof Array && predictions instanceof Array);
  }
});

test('embed', async () => {
  const { data, shape } = await tubelet.embed(clip, { model });
  assert.ok(data instanceof Float32Array);
  assert.deepStrictEqual(shape, [data.length]);
});

test('probe', async () => {
  const result = await tubelet.probe(clip);
  assert.ok(result instanceof Object && result.streams instanceof Array);
  assert.strictEqual(result.codec, 'h264');
});

test('a batch', async () => {
  const loaded = await tubelet.load(model);
  assert.ok(loaded.info.labels instanceof Array);
  const codes = [];
  for await (const { error } of loaded.classifyAll([clip, 'missing.mp4'])) codes.push(error?.code);
  await loaded.dispose();
  assert.deepStrictEqual(codes, [undefined, 'FILE_NOT_FOUND']);
});

test('inputs of this realm', async () => {
  const bytes = new Uint8Array(fs.readFileSync(clip));
  const options = { sampling: 'spread', frames: 2 };
  const wanted = await tubelet.readFrames(clip, options);
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
  }
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  const inputs = {
    Uint8Array: bytes,
    DataView: new DataView(bytes.buffer),
    ArrayBuffer: bytes.buffer,
    SharedArrayBuffer: shared.buffer,
    Buffer: fs.readFileSync(clip),
    Blob: new Blob([bytes]),
    URL: new URL(`file://${clip}`),
    Readable: fs.createReadStream(clip),
    ReadableStream: new Blob([bytes]).stream(),
    generator: chunks(),
  };
  for (const [kind, input] of Object.entries(inputs)) {
    const { data } = await tubelet.readFrames(input, options);
    assert.ok(data instanceof Uint8Array, kind);
    assert.strictEqual(Buffer.compare(data, wanted.data), 0, kind);
  }
  const { shape } = await tubelet.readFrames(wanted, options);
  assert.deepStrictEqual(shape, wanted.shape);
});

test('errors', async () => {
  const refused = new URL('http://127.0.0.1:1/clip.mp4');
  const failures = {
    FILE_NOT_FOUND: () => tubelet.probe('missing.mp4'),
    NOT_A_VIDEO: () => tubelet.probe(new TextEncoder().encode('hello')),
    READ_FAILED: () => tubelet.probe(refused),
    INVALID_ARGUMENT: () => tubelet.probe(Promise.resolve(clip)),
    MODEL_NOT_FOUND: () => tubelet.load('./missing'),
  };
  for (const [code, call] of Object.entries(failures)) {
    const error = await failureOf(call);
    assert.ok(error instanceof tubelet.TubeletError, error);
    assert.strictEqual(error.code, code);
    assert.strictEqual(JSON.parse(JSON.stringify(error)).code, code);
  }
});

test('the reason of an abort', async () => {
  const controller = new AbortController();
  const reason = { why: 'no more interest' };
  const call = tubelet.classify(clip, { model, signal: controller.signal });
  controller.abort(reason);
  assert.strictEqual(await failureOf(() => call), reason);
});
