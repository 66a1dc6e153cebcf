import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import ts from 'typescript';

import * as tubelet from '#lib/index';

import { inRoot } from '../support/paths';

/** What the examples may use without a declaration: all of tubelet, and what a reader imagines. */
const prelude = `
import type * as tubelet from 'tubelet';
declare global {
  ${Object.keys(tubelet)
    .map((name) => `const ${name}: typeof tubelet.${name};`)
    .join('\n  ')}
  const model: tubelet.Model;
  const paths: string[];
  const address: string;
  const headers: Record<string, string>;
  const rgba: Uint8Array;
}`;

const options: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  module: ts.ModuleKind.Node20,
  types: ['node'],
  paths: { tubelet: [inRoot('dist', 'index.d.ts')] },
};

/** Compiles modules, each a name and its text, and says what is wrong: the name and the message. */
function compile(modules: ReadonlyMap<string, string>): { module: string; message: string }[] {
  const texts = new Map([...modules, ['prelude', prelude]].map(([name, text]) => [inRoot(`${name}.mts`), text]));
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    getCurrentDirectory: () => inRoot(),
    fileExists: (file) => texts.has(file) || disk.fileExists(file),
    readFile: (file) => texts.get(file) ?? disk.readFile(file),
    getSourceFile: (file, target, ...rest) => {
      const text = texts.get(file);
      return text === undefined ? disk.getSourceFile(file, target, ...rest) : ts.createSourceFile(file, text, target);
    },
  };
  const program = ts.createProgram([...texts.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => ({
    module: file?.fileName.slice(inRoot().length + 1, -'.mts'.length) ?? '',
    message: ts.flattenDiagnosticMessageText(messageText, '\n'),
  }));
}

/** The blocks of code in a text, also in a comment; those of documents are JavaScript or TypeScript by their mark. */
function blocksOf(text: string): string[] {
  const plain = text.replaceAll(/^ *\* ?/gm, '');
  return Array.from(plain.matchAll(/^```(?:js|ts)\n(.*?)^```$/gms), ([, block = '']) => `${block}\nexport {};\n`);
}

function filesIn(folder: string, ending: string): string[] {
  const names = readdirSync(inRoot(folder)).filter((name) => name.endsWith(ending));
  return names.map((name) => join(folder, name));
}

describe('the code in README, docs and comments', () => {
  it('compiles in strict mode', () => {
    const modules = new Map<string, string>();
    for (const file of ['README.md', ...filesIn('docs', '.md'), ...filesIn(join('lib', 'api'), '.ts')]) {
      for (const [index, block] of blocksOf(readFileSync(inRoot(file), 'utf8')).entries()) {
        modules.set(`${file.replaceAll('/', '-')}, block ${index + 1}`, block);
      }
    }
    assert.ok(modules.size > 20);
    assert.deepEqual(compile(modules), []);
  });
});

describe('what the compiler says about a mistake', () => {
  const mistakes: [code: string, message: RegExp][] = [
    ["classify('a.mp4', { topk: 3 })", /^Object .* 'topk' .*'ClassifyWithOptions'.*'topK'\?$/],
    ["classify('a.mp4', { model: 'x', topK: 'three' })", /^Type 'string' is not assignable to type 'number'\.$/],
    ["classify('a.mp4', { windows: { length: 3, strid: 1 } })", /^Object .* 'strid' .*'WindowOptions'.*'stride'\?$/],
    ["embed('a.mp4', { model: 'x', normalise: true })", /^Object .* 'normalise' .*'EmbedWithOptions'.*'normalize'\?$/],
    ["model.classify('a.mp4', { limits: { byte: 1 } })", /^Object .* 'byte' .*'Limits'.*'bytes'\?$/],
    ["model.embed('a.mp4', { layers: 3 })", /^Object .* 'layers' .*'EmbedOptions.*'layer'\?$/],
    ['model.classifyAll(paths, { topK: 1, ordr: 1 })', /^Object .* 'ordr' .*'order'\?$/],
    [
      'model.embedAll(paths, { windows: { length: 1 }, pooling: 1 })',
      /^Type 'number' is not assignable to type '"head" .*'\.$/,
    ],
  ];

  it('is one line', () => {
    const modules = new Map(mistakes.map(([code], index) => [`mistake ${index}`, `${code};\nexport {};\n`]));
    const found = compile(modules);
    assert.equal(found.length, mistakes.length, JSON.stringify(found, undefined, 1));
    for (const [index, [, wanted]] of mistakes.entries()) {
      const { module, message } = found[index]!;
      assert.equal(module, `mistake ${index}`);
      assert.match(message, wanted);
    }
  });

  it('is nothing where results have the type that the options ask for', () => {
    const results: [type: string, call: string][] = [
      ['ClassifyResult', "classify('a.mp4')"],
      ['ClassifyResult', "classify('a.mp4', { model: 'x' })"],
      ['ClassifyResult', "classify('a.mp4', undefined)"],
      ['ClassifyResult', "classify('a.mp4', { windows: undefined })"],
      ['ClassifyWindowsResult', "classify('a.mp4', { topK: 1, windows: { length: 3 } })"],
      ['ClassifyResult | ClassifyWindowsResult', "classify('a.mp4', {} as tubelet.ClassifyWithOptions)"],
      ['ClassifyResult | ClassifyWindowsResult', "classify('a.mp4', {} as { windows?: { length: number } })"],
      ['EmbedResult', "model.embed('a.mp4', { layer: 1 })"],
      ['EmbedWindowsResult', "model.embed('a.mp4', { windows: { length: 3, stride: 1 } })"],
      ['Batch<string, ClassifyResult>', 'model.classifyAll(paths)'],
      ['Batch<string, ClassifyResult>', "model.classifyAll(paths, { order: 'input' })"],
      ['Batch<string, EmbedWindowsResult>', 'model.embedAll(paths, { windows: { length: 3 } })'],
    ];
    const lines = results.map(([type, call], index) => {
      const named = type.replaceAll(/\b[BCE]\w+/g, 'tubelet.$&');
      return (
        `const result${index} = await ${call};\n` +
        `const same${index}: [typeof result${index}, ${named}] extends [${named}, typeof result${index}] ? 1 : 0 = 1;`
      );
    });
    const text = ["import type * as tubelet from 'tubelet';", ...lines].join('\n');
    assert.deepEqual(compile(new Map([['results', text]])), []);
  });
});
