/**
 * The command line: `bin/tubelet.mjs` runs it.
 *
 * @module
 */
import { packageVersion } from '../base/package';
import { closest } from '../base/suggest';
import { UsageError } from './base/arguments';
import type { Command } from './base/command';
import { Interrupts } from './base/interrupts';
import { type Session, exit, explain, processSession } from './base/session';
import { classify } from './commands/classify';
import { compare } from './commands/compare';
import { embed } from './commands/embed';
import { exportCommand } from './commands/export';
import { frames } from './commands/frames';
import { merge } from './commands/merge';
import { models } from './commands/models';
import { probe } from './commands/probe';
import { pull } from './commands/pull';

const commands = new Map<string, Command>(
  Object.entries({ classify, embed, merge, compare, frames, probe, models, pull, export: exportCommand }),
);
const names = [...commands.keys()];

function programHelp(): string {
  const width = Math.max(...names.map((name) => name.length));
  const list = [...commands].map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: tubelet COMMAND FILE... [options]
       tubelet help [COMMAND]

Understands video with ViViT, TimeSformer and VideoMAE.

Commands:
${list.join('\n')}

tubelet help COMMAND says more; tubelet --version prints the version.
--no-color, or NO_COLOR in the environment, takes the colours away.
Exit codes: 0 success, 1 a file failed (the others are done), 2 wrong usage,
130 interrupted by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP.

Examples:
  tubelet classify clip.mp4 --model motion-vivit
  tubelet compare samples/*.mp4`;
}

async function run(args: string[], session: Session): Promise<number> {
  const [name, ...rest] = args[0] === '--no-color' ? args.slice(1) : args;
  if (name === '--help' || name === '-h') return print(programHelp(), session);
  if (name === 'help') return help(rest[0], session);
  if (name === '--version') return print(packageVersion(), session);

  const command = commands.get(name ?? '');
  if (name === undefined || command === undefined) {
    session.complain(name === undefined ? programHelp() : `tubelet: ${unknownCommand(name)}`);
    return exit.usage;
  }
  if (hasOption(rest, '--help', '-h')) return print(command.help, session);

  try {
    return await command.run(rest, session);
  } catch (error) {
    if (error instanceof UsageError) {
      session.complain(`tubelet ${name}: ${error.message}\nTry 'tubelet ${name} --help'.`);
      return exit.usage;
    }
    if (session.signal.aborted) return session.interrupts.exitCode;
    session.complain(`tubelet ${name}: ${explain(error)}`);
    return exit.failure;
  }
}

function print(text: string, session: Session): number {
  session.print(text);
  return exit.success;
}

/** `tubelet help`, with a command or without. */
function help(name: string | undefined, session: Session): number {
  if (name === undefined) return print(programHelp(), session);
  const command = commands.get(name);
  if (command !== undefined) return print(command.help, session);
  session.complain(`tubelet: ${unknownCommand(name)}`);
  return exit.usage;
}

/** After `--` everything is a file's name. */
function hasOption(args: readonly string[], ...options: string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end < 0 ? undefined : end).some((arg) => options.includes(arg));
}

function unknownCommand(name: string): string {
  const suggestion = closest(name, names);
  const question = suggestion === undefined ? '' : ` (did you mean '${suggestion}'?)`;
  return `there is no command '${name}'${question}. There are: ${names.join(', ')}.\nTry 'tubelet --help'.`;
}

const interrupts = new Interrupts();
interrupts.listen();

// The reader has gone, as in `tubelet ... | head`: end quietly.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  process.exit(exit.success);
});
// A run continues when its messages are not read, and ends as it should when
// its terminal has gone.
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
});

const args = process.argv.slice(2);
void run(args, processSession(interrupts, { color: !hasOption(args, '--no-color') })).then((code) => {
  process.exitCode = code;
});
