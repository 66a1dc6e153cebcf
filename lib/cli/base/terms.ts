/**
 * The library's messages in the words of the command line.
 *
 * @module
 */
import { TubeletError, type TubeletErrorCode, asTubeletError } from '../../base/errors';

/** How the library's options are called here, where a message may name them. */
const flags: Record<string, string> = {
  ...Object.fromEntries(
    ['layer', 'pooling', 'labels', 'windows', 'sampling', 'recipe', 'resize', 'range', 'start', 'end', 'stream']
      .concat(['frames', 'stride', 'fps', 'device', 'precision', 'trust', 'normalize', 'logits'])
      .map((name) => [name, `--${name}`]),
  ),
  topK: '--top',
  timeoutMs: '--timeout',
  onCorrupt: '--tolerate',
  untaggedMatrix: '--bt709',
};

/** Errors that an option can be at fault for. In others a quoted name may be that of a field in a file. */
const ofOptions: readonly TubeletErrorCode[] = ['INVALID_ARGUMENT', 'LIMIT_EXCEEDED', 'TIMEOUT'];

const caller = /^(classify|embed|classifyAll|embedAll|probe|readFrames|load|exportModel): /;
const option = new RegExp(String.raw`(?:\b(?:(?:its|the) )?option )?'(${Object.keys(flags).join('|')})'`, 'g');

/** An error for people and programs that know the command line alone. */
export function inTerms(error: unknown): TubeletError {
  const { code, message, cause } = asTubeletError(error);
  if (!ofOptions.includes(code)) return new TubeletError(code, message, { cause });
  const told = message
    .replace(caller, '')
    .replace('for an address pass new URL(...)', 'for an address use --url')
    .replace(/(?:the )?limit `(\w+)`/g, '--limit $1=N')
    .replace(option, (_text, name: string) => flags[name] ?? name);
  return new TubeletError(code, told, { cause });
}
