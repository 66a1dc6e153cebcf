/**
 * Command-line arguments: Node's own parser, with errors that help.
 *
 * @module
 */
import { type ParseArgsConfig, parseArgs } from 'node:util';

import { isError } from '../../base/errors';
import { closest } from '../../base/suggest';
import type { Precision } from '../../native/binding';
import { type Device, deviceRule } from '../../options/device';
import { precisionRule } from '../../options/precision';

/** Wrong usage: the message goes to standard error with a hint at --help, and the exit code is 2. */
export class UsageError extends Error {}

type Options = NonNullable<ParseArgsConfig['options']>;

/** Options that every command has. */
const common = { help: { type: 'boolean', short: 'h' }, 'no-color': { type: 'boolean' } } as const satisfies Options;

type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: O & typeof common; allowPositionals: true }>
>;

/**
 * Parses a command's arguments.
 *
 * @param what - What it takes, for messages.
 * @throws UsageError: an unknown option (with the one that was probably meant), a missing value, no FILE.
 */
export function parse<O extends Options>(
  args: string[],
  options: O,
  what = 'FILE',
): { values: Parsed<O>['values']; files: string[] } {
  const { values, positionals } = parseAll(args, options);
  const elsewhere = 'url' in values || 'files-from' in values;
  if (positionals.length === 0 && !elsewhere) throw new UsageError(`name at least one ${what}`);
  if (positionals.includes('')) throw new UsageError(`a ${what} has an empty name`);
  return { values, files: positionals };
}

/**
 * Parses the arguments of a command that takes no FILE.
 *
 * @throws UsageError: an unknown option, a missing value, or an argument that is not an option.
 */
export function parseOptions<O extends Options>(args: string[], options: O): Parsed<O>['values'] {
  const { values, positionals } = parseAll(args, options);
  if (positionals[0] !== undefined) throw new UsageError(`takes options only, not '${positionals[0]}'`);
  return values;
}

function parseAll<O extends Options>(args: string[], options: O): Parsed<O> {
  const all = { ...common, ...options };
  try {
    return parseArgs({ args, options: all, allowPositionals: true });
  } catch (error) {
    if (!isError(error)) throw error;
    throw new UsageError(rephrase(error, Object.keys(all)), { cause: error });
  }
}

/** Node's message, without its advice on positional arguments, with a suggestion for a mistyped option. */
function rephrase(error: Error, names: string[]): string {
  const [, dashes, unknown] = /^Unknown option '(--?)([^']*)'/.exec(error.message) ?? [];
  if (dashes === undefined || unknown === undefined) return error.message.split('\n', 1).join('');
  const suggestion = dashes === '--' ? closest(unknown, names) : undefined;
  const question = suggestion === undefined ? '' : ` (did you mean '--${suggestion}'?)`;
  return `unknown option '${dashes}${unknown}'${question}`;
}

/** A whole number from `least` to `most`, or nothing. */
export function wholeNumber<V extends string | undefined>(
  name: string,
  value: V,
  most: number,
  least = 1,
): number | Extract<V, undefined> {
  if (value === undefined) return value as Extract<V, undefined>;
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < least || number > most) {
    throw new UsageError(`--${name} takes a whole number from ${least} to ${most}, not '${value}'`);
  }
  return number;
}

/** `1:02:03.5`, or `1:30`. */
const clockTime = /^(?:(\d+):([0-5]?\d)|(\d+)):([0-5]?\d(?:\.\d*)?)$/;

function secondsIn(value: string): number {
  if (/^[\d.]+$/.test(value)) return Number(value);
  const [, hours = 0, ofHour = 0, minutes = ofHour, seconds = NaN] = clockTime.exec(value) ?? [];
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

/** Seconds from 0 on, also in minutes or hours as a clock shows them, or nothing. */
export function secondsFrom<V extends string | undefined>(name: string, value: V): number | Extract<V, undefined> {
  if (value === undefined) return value as Extract<V, undefined>;
  const seconds = secondsIn(value);
  if (!Number.isFinite(seconds)) {
    throw new UsageError(`--${name} takes seconds from 0 on, such as 90, 1:30 or 0:01:30.5, not '${value}'`);
  }
  return seconds;
}

const units = new Map([
  ...['', 'k', 'm', 'g', 't'].map((unit, power) => [unit, 1000 ** power] as const),
  ...['ki', 'mi', 'gi', 'ti'].map((unit, power) => [unit, 1024 ** (power + 1)] as const),
]);

/** A whole number from 1 to `most`, which may be short for one: `100M` is 100000000, `1Gi` is 1073741824. */
export function amount(name: string, value: string, most: number): number {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)([kmgt]i?)?$/i.exec(value) ?? [];
  const factor = units.get(unit.toLowerCase()) ?? NaN;
  const number = digits === '' ? NaN : Number((Number(digits) * factor).toPrecision(15)); // 1.001k is 1001, not a hair less
  if (!(Number.isInteger(number) && number >= 1 && number <= most)) {
    throw new UsageError(
      `--${name} takes a whole number from 1 to ${most}, such as 1000000, 1M or 1Mi, not '${value}'`,
    );
  }
  return number;
}

/** Values with commas between them. */
export function listOf<T>(name: string, values: string, read: (name: string, value: string) => T): T[] {
  return values.split(',').map((value) => read(name, value));
}

/** A number above zero, or nothing. */
export function positiveNumber(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!(number > 0 && number <= 1000))
    throw new UsageError(`--${name} takes a number above 0 and up to 1000, not '${value}'`);
  return number;
}

/** A device, or nothing. */
export function deviceName(value: string | undefined): Device | undefined {
  if (value === undefined || deviceRule.accepts(value)) return value;
  throw new UsageError(`--device takes cpu, cuda, cuda:0 (or another number) or auto, not '${value}'`);
}

/** A precision, or nothing. */
export function precisionName(value: string | undefined): Precision | 'auto' | undefined {
  if (value === undefined || precisionRule.accepts(value)) return value;
  throw new UsageError(`--precision takes fp32, bf16 or auto, not '${value}'`);
}

/** One of a few words, or nothing. */
export function oneOf<const W extends string>(
  name: string,
  value: string | undefined,
  words: readonly W[],
): W | undefined {
  const known = words.find((word) => word === value);
  if (value === undefined || known !== undefined) return known;
  throw new UsageError(`--${name} takes ${words.length > 1 ? 'one of ' : ''}${words.join(', ')}, not '${value}'`);
}
