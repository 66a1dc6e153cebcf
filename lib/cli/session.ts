/**
 * Where a command's words go, and to whom: a person at a terminal or another program.
 *
 * @module
 */
import { TubeletError } from '../errors';
import { printable } from './text';
import type { Video } from './videos';

/** What a command needs to know of its surroundings. */
export interface Session {
  /** Whether a person reads the output: it goes to a terminal. */
  interactive: boolean;
  /** Characters a line. */
  columns: number;
  color: boolean;
  /** Whether bars and ellipses may be more than ASCII. */
  unicode: boolean;
  /** Aborted by Ctrl-C, or when nobody reads the output any more. */
  signal: AbortSignal;
  print(text: string): void;
  /** One line for standard error. */
  complain(text: string): void;
  /** Shows a line on standard error until the next one takes its place, an empty one at last; only on a terminal. */
  status?: ((line: string) => void) | undefined;
}

/** Exit codes. */
export const exit = { success: 0, failure: 1, usage: 2, interrupted: 130 } as const;

const usualColumns = 80;

/** The surroundings of this process. */
export function processSession(signal: AbortSignal): Session {
  const { stdout, stderr, env } = process;
  const dumb = env['TERM'] === 'dumb';
  const noColor = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '';
  return {
    interactive: stdout.isTTY,
    columns: stdout.isTTY ? stdout.columns : Number(env['COLUMNS']) || usualColumns,
    color: stdout.isTTY && !dumb && !noColor,
    unicode: !dumb,
    signal,
    print: (text) => stdout.write(`${text}\n`),
    complain: (text) => stderr.write(`${text}\n`),
    status: stderr.isTTY && !dumb ? (line) => stderr.write(`\r${line}\u001b[K`) : undefined,
  };
}

/**
 * Does the work for each video, or whatever else was named, in turn. One that fails is reported as `name: CODE: message`, and the others go on.
 *
 * @returns The exit code.
 */
export async function eachVideo<V extends { name: string } = Video>(
  videos: readonly V[],
  session: Session,
  work: (video: V, isFirst: boolean) => Promise<void>,
): Promise<number> {
  let code: number = exit.success;
  for (const [index, video] of videos.entries()) {
    try {
      await work(video, index === 0);
    } catch (error) {
      if (session.signal.aborted) throw error;
      session.complain(`${printable(video.name)}: ${explain(error)}`);
      code = exit.failure;
    }
  }
  return code;
}

/** An error as `CODE: message`. */
export function explain(error: unknown): string {
  const code = error instanceof TubeletError ? error.code : 'INTERNAL';
  const message = error instanceof Error ? error.message : String(error);
  return `${code}: ${message.split('\n').map(printable).join('\n')}`;
}
