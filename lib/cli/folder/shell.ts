/**
 * Words for a shell.
 *
 * @module
 */
import { printable } from '../base/text';

/** A command line that can be typed as it is. */
export function commandLine(words: readonly string[]): string {
  return words.map(quoted).join(' ');
}

/** For a shell; what a terminal would not show as it is in the shell's own escapes. */
function quoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (printable(word) === word) return `'${word.replaceAll("'", String.raw`'\''`)}'`;
  return `$'${escaped(word)}'`;
}

function escaped(word: string): string {
  return printable(word.replace(/[\\']/g, String.raw`\$&`));
}
