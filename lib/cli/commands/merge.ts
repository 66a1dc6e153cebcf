/**
 * `tubelet merge`: outputs of several runs as one.
 *
 * @module
 */
import { type MergeSummary, merge as mergeOutputs } from '../../output/merge';
import { UsageError, parse } from '../base/arguments';
import type { Command } from '../base/command';
import { type Session, exit } from '../base/session';
import { printable, styled } from '../base/text';

const help = `Usage: tubelet merge PART... --output FILE [options]

Joins the outputs of several runs, such as those of --shard 1/2 and 2/2. Parts
are .jsonl files with the .run.json beside them, finished, and made by the same
command, weights, precision and options. Lines keep the order of the parts. A
file that failed in one part and has a result in another counts by its result.

Options:
  -o, --output FILE
                   where to write: .jsonl, .csv, .parquet, or .npy (vectors);
                   nothing may be there yet
  --json           one JSON line, as when the output is not a terminal

Examples:
  tubelet merge part1.jsonl part2.jsonl --output all.parquet
  tubelet merge part*.jsonl --output vectors.npy`;

export const merge: Command = {
  summary: 'join the outputs of several runs',
  help,
  run: async (args, session) => {
    const { values, files } = parse(
      args,
      { output: { type: 'string', short: 'o' }, json: { type: 'boolean' } },
      'PART',
    );
    if (values.output === undefined || values.output === '') {
      throw new UsageError('name the file to write: --output FILE');
    }
    const summary = await mergeOutputs(files, values.output, session.signal);
    const asText = session.interactive && values.json !== true;
    session.print(asText ? report(summary, session) : JSON.stringify(summary));
    return exit.success;
  },
};

function report({ output, parts, items, failures }: MergeSummary, session: Session): string {
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0);
  const codes = Object.entries(failures).map(([code, count]) => `${code} ${count}`);
  return [
    styled(printable(output), 'bold', session.color),
    `  ${counted(items, 'file')} of ${counted(parts, 'part')}${failed > 0 ? `, ${failed} failed: ${codes.join(', ')}` : ''}`,
  ].join('\n');
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
