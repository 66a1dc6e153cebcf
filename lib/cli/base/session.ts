/**
 * Where a command's words go, and to whom: a person at a terminal or another program.
 *
 * @module
 */
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { WriteStream } from 'node:tty';

import type { TubeletError } from '../../base/errors';
import { nameOfUrl } from '../../base/web';
import { lineFor } from '../../output/journal';
import type { Interrupts } from './interrupts';
import { Status } from './status';
import { inTerms } from './terms';
import { printable } from './text';

/** What a command needs to know of its surroundings. */
export interface Session {
  /** Whether a person reads the output: it goes to a terminal. */
  interactive: boolean;
  /** Characters a line. */
  columns: number;
  color: boolean;
  /** The same of standard error. */
  errorColumns: number;
  errorColor: boolean;
  /** Whether bars and ellipses may be more than ASCII. */
  unicode: boolean;
  /** Aborted by Ctrl-C, or when the output is no longer read. */
  signal: AbortSignal;
  /** Ctrl-C and its like. */
  interrupts: Pick<Interrupts, 'signal' | 'gently' | 'exitCode'>;
  print(text: string): void;
  /** Settles when what was printed has been taken, but for a little. */
  taken(): Promise<void>;
  /** One line for standard error. */
  complain(text: string): void;
  /** Shows lines on standard error until others take their place, an empty text at last; only on a terminal. */
  status?: ((text: string) => void) | undefined;
}

/** Exit codes; those of interrupts are with {@link Interrupts}. */
export const exit = { success: 0, failure: 1, usage: 2 } as const;

const usualColumns = 80;

/** The surroundings of this process. */
export function processSession(interrupts: Interrupts, { color = true } = {}): Session {
  const { stdout, stderr, env } = process;
  const dumb = env['TERM'] === 'dumb';
  const noColor = !color || (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '');
  const columnsOf = (stream: WriteStream): number =>
    (stream.isTTY ? stream.columns : Number(env['COLUMNS'])) || usualColumns;
  const status = new Status((text) => stderr.write(text));
  return {
    interactive: stdout.isTTY,
    get columns() {
      return columnsOf(stdout);
    },
    color: stdout.isTTY && !dumb && !noColor,
    get errorColumns() {
      return columnsOf(stderr);
    },
    errorColor: stderr.isTTY && !dumb && !noColor,
    unicode: !dumb,
    signal: interrupts.signal,
    interrupts,
    print: (text) => stdout.write(`${text}\n`),
    taken: async () => {
      if (stdout.writableNeedDrain) await once(stdout, 'drain');
    },
    complain: (text) => {
      status.above(text);
    },
    status:
      stderr.isTTY && !dumb
        ? (text) => {
            status.show(text);
          }
        : undefined,
  };
}

/** What a command is to do with: a video, or a name that leads to none. */
type Named = { name: string; error?: undefined } | { name: string; error: TubeletError };

/**
 * Does the work for each video, or whatever else was named, in turn. One that fails is reported as `name: CODE: message`,
 * and the others go on.
 *
 * @param toJson - Where results are lines of JSON: the line of a failure.
 * @returns The exit code.
 */
export async function eachVideo<V extends Named>(
  videos: AsyncIterable<V> | Iterable<V>,
  session: Session,
  toJson: ((name: string, error: TubeletError) => string) | undefined,
  work: (video: Extract<V, { error?: undefined }>, isFirst: boolean) => Promise<void>,
): Promise<number> {
  let code: number = exit.success;
  let isFirst = true;
  for await (const video of videos) {
    try {
      if (video.error !== undefined) throw video.error;
      await work(video as Extract<V, { error?: undefined }>, isFirst);
      isFirst = false;
    } catch (error) {
      if (session.signal.aborted) throw error;
      session.complain(failureLine(video.name, error));
      if (toJson !== undefined) session.print(toJson(video.name, inTerms(error)));
      code = exit.failure;
    }
  }
  return code;
}

/** The failure of one file as a line of JSON. */
export function fileFailure(file: string, error: TubeletError): string {
  return lineFor(file, { error });
}

/** The failure of one file, for a person. */
export function failureLine(name: string, error: unknown): string {
  return `${printable(name)}: ${explain(error, name)}`;
}

/** An error as `CODE: message`; of a file that has been named already, without its path. */
export function explain(error: unknown, file?: string): string {
  const { code, message } = inTerms(error);
  const text = file === undefined ? message : withoutPath(message, file);
  return `${code}: ${text.split('\n').map(printable).join('\n')}`;
}

/** The library names files by their absolute paths, in quotes, and addresses without their queries. */
function withoutPath(message: string, file: string): string {
  const name = /^https?:/i.test(file) && URL.canParse(file) ? nameOfUrl(new URL(file)) : `'${resolve(file)}'`;
  const rest = message.startsWith(name) ? `The file${message.slice(name.length)}` : message;
  return rest.replaceAll(`no file ${name}`, 'no such file').replaceAll(name, 'the file');
}
