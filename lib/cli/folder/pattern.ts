/**
 * Patterns such as `clips/*.mp4`, as bash with `globstar` has them, for those that no shell has expanded. `?` is one unit of
 * UTF-16, so that an emoji is two.
 *
 * @module
 */
import picomatch from 'picomatch';

import { invalid } from '../../base/rules';

/** What a pattern says of what lies below the folder that it begins in. */
export interface Pattern {
  /** Whether it names this path. */
  matches(path: string): boolean;
  /** Whether it may name something in this folder, given that it does so in the one around it. */
  leadsTo(path: string): boolean;
}

/** Picomatch takes twice as many, and escapes are added. */
const longestPattern = 30_000;

const options: picomatch.PicomatchOptions = {
  posix: true,
  nonegate: true,
  noextglob: true,
  expandRange: range,
};

/**
 * Reads a pattern, or nothing where the text is a plain path: the folder to begin in (or none), and what is wanted there.
 *
 * @throws TubeletError INVALID_ARGUMENT: it is too long or stands for too much.
 */
export function patternOf(text: string): { folder: string; pattern: Pattern } | undefined {
  const parts = split(text);
  const first = parts.findIndex(isMagic);
  if (first < 0) return undefined;
  if (text.length > longestPattern) throw invalid(`a pattern has at most ${longestPattern} characters`);
  const folder = parts.slice(0, first).map(unescaped).join('/');
  const wanted = parts.slice(first);
  return { folder: folder === '' && first > 0 ? '/' : folder, pattern: compile(wanted) };
}

function compile(parts: readonly string[]): Pattern {
  const whole = matcher(parts.join('/'));
  // What comes after a part that may stand for several folders, or none, is not looked at folder by folder.
  const open = parts.findIndex((part) => part === '**' || part.includes('/'));
  const steps = parts.slice(0, open < 0 ? -1 : open).map(matcher);
  const hidden = open >= 0 && /(^|[/{,])\.|^\[/.test(parts.slice(open).join('/'));
  return {
    matches: whole,
    leadsTo: (path) => {
      const names = path.split('/');
      const name = names.at(-1) ?? '';
      const step = steps[names.length - 1];
      if (step !== undefined) return step(name);
      return open >= 0 && (hidden || !name.startsWith('.'));
    },
  };
}

/**
 * Only braces, brackets and wildcards mean something: parentheses and quotes are common in names. For picomatch a backslash
 * before a letter would mean what it does in regular expressions.
 */
function matcher(pattern: string): (path: string) => boolean {
  const literal = pattern.replace(/\\(.)|[()|"]/gs, (found, escaped?: string) => {
    const character = escaped ?? found;
    return /[*?[\]{}()|!,."\\]/.test(character) ? `\\${character}` : character;
  });
  return picomatch(literal, options);
}

/** The parts between slashes; a slash within braces belongs to its part. */
function split(pattern: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const [found] of pattern.matchAll(/\\.|./gs)) {
    if (found === '{') depth++;
    else if (found === '}') depth--;
    if (found === '/' && depth <= 0) parts.push('');
    else parts.push(`${parts.pop() ?? ''}${found}`);
  }
  return parts.filter((part, index) => part !== '' || index === 0);
}

function isMagic(part: string): boolean {
  return /[*?]|\[.+\]|\{.*(,|\.\.).*\}/s.test(part.replace(/\\./gs, ''));
}

function unescaped(part: string): string {
  return part.replace(/\\(.)/gs, '$1');
}

const longestRange = 10_000;

/** `{1..12}` and `{01..12}`, which picomatch leaves to others, and `{a..f}`. */
function range(from: string, to: string): string {
  if (!/^\d{1,9}$/.test(from) || !/^\d{1,9}$/.test(to)) return `[${from}-${to}]`;
  const least = Math.min(Number(from), Number(to));
  const length = Math.abs(Number(to) - Number(from)) + 1;
  if (length > longestRange) throw invalid(`{${from}..${to}} stands for more than ${longestRange} numbers`);
  const width = [from, to].some((end) => /^0\d/.test(end)) ? Math.max(from.length, to.length) : 0;
  return `(?:${Array.from({ length }, (_, index) => String(least + index).padStart(width, '0')).join('|')})`;
}
