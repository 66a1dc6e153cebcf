// tubelet as one of the programs of `npm run bench -- models`: what forward.py says of them.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readFloats } from '../figures.mjs';
import { internal, serve } from './peer.mjs';

const { openModel } = await internal('loaded');
const { openBinding } = await internal('runtime');

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { shape: { type: 'string' }, threads: { type: 'string' }, precision: { type: 'string' } },
});
const [folder, file] = positionals;
const shape = values.shape.split(',').map(Number).slice(1); // a batch is one clip
const pixels = readFloats(file);

await openBinding();
const model = await openModel(folder, { threads: Number(values.threads), precision: values.precision });
const { milliseconds, precision } = model.info;
await serve(
  async ({ out }) => {
    const start = performance.now();
    const { logits } = await model.native.forward(pixels, shape).promise;
    const milliseconds = performance.now() - start;
    if (out) writeFileSync(out, logits);
    return { milliseconds };
  },
  { load: milliseconds.load, precision },
);
await model.dispose();
