// npm run bench -- NAME [options]: speed, always as a ratio measured side by side in one run.
const benches = {
  decode: 'from a file to pixels, against torchcodec, PyAV and decord; one thread each',
  models:
    'the forward pass of the full-size architectures against transformers, ONNX Runtime and OpenVINO, same threads',
  batch:
    "a folder of mixed clips through one model, against transformers' pipeline and against torchcodec with threads",
  workers: 'which workers a batch is fastest with, where decoding is most of the work and where the forward pass is',
};

const [name, ...args] = process.argv.slice(2);
if (name === undefined || !Object.hasOwn(benches, name)) {
  console.error('Usage: npm run bench -- NAME [options]\n');
  for (const [bench, what] of Object.entries(benches)) console.error(`  ${bench.padEnd(10)} ${what}`);
  process.exit(2);
}
const { run } = await import(`./${name}.mjs`);
await run(args);
