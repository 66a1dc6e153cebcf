/**
 * Checks the fields of a JSON object that comes with a model, with the rules that also check options.
 *
 * @module
 */
import { TubeletError, messageOf } from './errors';
import { type JsonObject, isObject } from './json';
import type { Rule } from './rules';
import { closest } from './suggest';

/** An object whose own fields are still to be checked. */
export const jsonObject: Rule<JsonObject> = { allowed: 'an object', accepts: isObject };

/** Letters of a value in a message. */
const longestShown = 100;

/** A JSON object and where it came from. A field that is `null` counts as left out, as in Python. */
export class Fields {
  /**
   * @param object - The values, still to be checked.
   * @param source - The file, for messages.
   */
  constructor(
    readonly object: JsonObject,
    private readonly source: string,
  ) {}

  /**
   * The field's value, or `undefined` if it is left out.
   *
   * @throws TubeletError MODEL_INVALID: names the field, its value and what is allowed.
   */
  read<T>(name: string, rule: Rule<T>): T | undefined {
    const value = this.object[name];
    if (value === undefined || value === null) return undefined;
    if (!rule.accepts(value)) throw this.wrong(name, rule.allowed);
    return rule.copy === undefined ? value : this.copied(name, value, rule.copy.bind(rule));
  }

  /**
   * Refuses fields that do not exist.
   *
   * @throws TubeletError MODEL_INVALID: suggests the one that was probably meant.
   */
  requireKnown(names: readonly string[]): void {
    const unknown = Object.keys(this.object).find((name) => !names.includes(name));
    if (unknown === undefined) return;
    throw this.invalid(`has a field '${unknown}' that this version does not know${didYouMean(unknown, names)}`);
  }

  /** A MODEL_INVALID about the value of one field. */
  wrong(name: string, allowed: string): TubeletError {
    return this.invalid(`'${name}' is ${shown(this.object[name])} but must be ${allowed}`);
  }

  /** A MODEL_INVALID that names the file. */
  invalid(reason: string, cause?: unknown): TubeletError {
    return new TubeletError('MODEL_INVALID', `${this.source}: ${reason}`, { cause });
  }

  /** What a rule finds inside a value is the file's fault here, not the caller's. */
  private copied<T>(name: string, value: T, copy: (value: T, what: string) => T): T {
    try {
      return copy(value, `'${name}'`);
    } catch (error) {
      throw this.invalid(messageOf(error), error);
    }
  }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > longestShown ? `${text.slice(0, longestShown)}...` : text;
}

/** A question to end a message with, or nothing when no candidate is close. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const suggestion = closest(word, candidates);
  return suggestion === undefined ? '' : ` (did you mean '${suggestion}'?)`;
}
