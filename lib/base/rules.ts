/**
 * Checks what the caller passed. Every option is read once, into a plain object, before anything is queued: a caller
 * who changes the object afterwards changes nothing.
 *
 * @module
 */
import { inspect } from 'node:util';

import { TubeletError } from './errors';
import { closest } from './suggest';

/** Says in words what is allowed, and whether a value is. */
export interface Rule<T> {
  allowed: string;
  accepts: (value: unknown) => value is T;
  /**
   * What to keep of a value that the caller could change later. May refuse it for what is wrong inside.
   *
   * @param what - The public function and the option, for messages.
   */
  copy?(value: T, what: string): T;
}

/** What {@link readOptions} makes of an options object. */
export type Values<R extends Record<string, Rule<unknown>>> = {
  [K in keyof R]: (R[K] extends Rule<infer T> ? T : never) | undefined;
};

/** True or false. */
export const boolean: Rule<boolean> = {
  allowed: 'true or false',
  accepts: (value) => typeof value === 'boolean',
};

/** An AbortSignal, also one from another realm or library. */
export const abortSignal: Rule<AbortSignal> = {
  allowed: 'an AbortSignal',
  accepts: (value): value is AbortSignal =>
    typeof value === 'object' &&
    value !== null &&
    'aborted' in value &&
    'throwIfAborted' in value &&
    typeof value.throwIfAborted === 'function' &&
    'addEventListener' in value &&
    typeof value.addEventListener === 'function',
};

/** Something to call. */
export const callback: Rule<(...values: never[]) => unknown> = {
  allowed: 'a function',
  accepts: (value): value is (...values: never[]) => unknown => typeof value === 'function',
};

/** Any string. */
export const string: Rule<string> = {
  allowed: 'a string',
  accepts: (value) => typeof value === 'string',
};

/** A string that is not empty. */
export const text: Rule<string> = {
  allowed: 'a string that is not empty',
  accepts: (value): value is string => typeof value === 'string' && value !== '',
};

/** A whole number in a closed range. */
export function integer(least: number, most: number): Rule<number> {
  return {
    allowed: `a whole number from ${String(least)} to ${String(most)}`,
    accepts: (value): value is number => Number.isInteger(value) && inRange(value as number, least, most),
  };
}

/** A finite number above zero. */
export function positive(most: number): Rule<number> {
  return {
    allowed: `a number above 0 and up to ${String(most)}`,
    accepts: (value): value is number => Number.isFinite(value) && (value as number) > 0 && (value as number) <= most,
  };
}

/** A finite number from zero on. */
export const fromZero: Rule<number> = {
  allowed: 'a number from 0 on',
  accepts: (value): value is number => Number.isFinite(value) && (value as number) >= 0,
};

/** One of a few strings. */
export function oneOf<const T extends string>(...choices: T[]): Rule<T> {
  return {
    allowed: `one of ${choices.map((choice) => `'${choice}'`).join(', ')}`,
    accepts: (value): value is T => choices.some((choice) => choice === value),
  };
}

/** What a rule allows, or null. */
export function nullable<T>(rule: Rule<T>): Rule<T | null> {
  return {
    allowed: `${rule.allowed}, or null`,
    accepts: (value): value is T | null => value === null || rule.accepts(value),
  };
}

/** An object of options of its own. */
export function group<R extends Record<string, Rule<unknown>>>(rules: R): Rule<Values<R>> {
  return {
    allowed: `an object such as ${example(rules)}`,
    accepts: (value): value is Values<R> => isObject(value),
    copy: (value, what) => readOptions(what, value, rules),
  };
}

/**
 * Copies and checks an options object.
 *
 * @param caller - The public function's name, for messages.
 * @param options - What the caller passed; `undefined` is the same as `{}`.
 * @param rules - One rule for every option there is.
 * @throws TubeletError INVALID_ARGUMENT: not an object, an option that does not exist, or a value that is not allowed.
 */
export function readOptions<R extends Record<string, Rule<unknown>>>(
  caller: string,
  options: unknown,
  rules: R,
): Values<R> {
  if (options !== undefined && !isObject(options)) {
    throw invalid(`${caller}: options must be an object such as ${example(rules)}, got ${describe(options)}`);
  }
  const given: Record<string, unknown> = options ?? {};
  const names = Object.keys(rules);
  for (const name of Object.keys(given)) {
    if (!names.includes(name)) throw invalid(unknownOption(caller, name, names));
  }

  const values: Record<string, unknown> = {};
  for (const [name, rule] of Object.entries(rules)) {
    const value = given[name];
    if (value === undefined) continue;
    if (!rule.accepts(value)) {
      throw invalid(`${caller}: option '${name}' must be ${rule.allowed}, got ${describe(value)}`);
    }
    values[name] = rule.copy === undefined ? value : rule.copy(value, `${caller}: ${name}`);
  }
  return values as Values<R>;
}

/**
 * Checks the name of a model.
 *
 * @throws TubeletError INVALID_ARGUMENT
 */
export function readModelName(caller: string, name: unknown): string | undefined {
  if (name === undefined || text.accepts(name)) return name;
  throw invalid(`${caller}: the model must be named by ${text.allowed}, got ${describe(name)}`);
}

/** A value for a message: short, on one line, with its type where the value alone does not tell. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  const shown = inspect(value, { depth: 0, breakLength: Infinity, maxArrayLength: 3, maxStringLength: 80 });
  return typeof value === 'object' || typeof value === 'function' ? shown : `${shown} (a ${typeof value})`;
}

function unknownOption(caller: string, name: string, names: string[]): string {
  const suggestion = closest(name, names);
  const question = suggestion === undefined ? '' : ` Did you mean '${suggestion}'?`;
  return `${caller}: there is no option '${name}'.${question} There are: ${names.join(', ')}`;
}

function example(rules: Record<string, Rule<unknown>>): string {
  return `{ ${Object.keys(rules).slice(0, 2).join(', ')} }`;
}

function inRange(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

function isObject(value: unknown): value is Record<string, never> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An INVALID_ARGUMENT. */
export function invalid(message: string): TubeletError {
  return new TubeletError('INVALID_ARGUMENT', message);
}
