/**
 * `tubelet models`: the checkpoints that are known by name.
 *
 * @module
 */
import { type KnownModel, knownModels } from '../../checkpoints/known';
import type { Family } from '../../sampling/family';
import { parseOptions } from '../base/arguments';
import type { Command } from '../base/command';
import type { Session } from '../base/session';
import { styled, table } from '../base/text';

const help = `Usage: tubelet models [options]

Lists the checkpoints that are known by name, those that come with tubelet
first. Any other checkpoint of the three families runs as well.

  frames  frames a clip x stride: every Nth frame of a video of 30 a second;
          all: spread evenly over the whole video
  size    pixels a side
  top-1   percent, as published: by the paper's protocol, which takes several
          views of a video (one, of held-out clips, for the bundled ones);
          none for self-supervised checkpoints
  GFLOP   the work of one view, multiply and add as two
  here    bundled, or in the Hugging Face cache

Options:
  --json           one JSON line a model, as when the output is not a terminal

Examples:
  tubelet models
  tubelet models --json | grep '"cached":true'`;

export const models: Command = {
  summary: 'list the checkpoints that are known by name',
  help,
  run: async (args, session) => {
    const { json } = parseOptions(args, { json: { type: 'boolean' } });
    const known = await knownModels();
    session.print(
      session.interactive && json !== true
        ? report(known, session)
        : known.map((model) => JSON.stringify(model)).join('\n'),
    );
    return 0;
  },
};

const families: Record<Family, string> = { videomae: 'VideoMAE', timesformer: 'TimeSformer', vivit: 'ViViT' };

/** One table, so that its columns line up, cut into groups of one origin, family and licence. */
export function report(known: readonly KnownModel[], { color }: Pick<Session, 'color'>): string {
  const [header = '', ...rows] = table([['', 'frames', 'size', 'top-1', 'GFLOP', 'here'], ...known.map(cells)]);
  const lines = [styled(header, 'dim', color)];
  let last: string | undefined;
  for (const [index, model] of known.entries()) {
    const group = headingOf(model);
    if (group !== last) lines.push(...(last === undefined ? [] : ['']), styled(group, 'bold', color));
    lines.push(rows[index] ?? '');
    last = group;
  }
  return lines.join('\n');
}

function headingOf({ family, licence, bundled }: KnownModel): string {
  const terms = licence.commercial === false ? `${licence.id}, no commercial use` : licence.id;
  return bundled ? `Bundled (${terms})` : `${families[family]} (${terms})`;
}

function cells({ name, family, bundled, frames, stride, size, top1, gflop, cached }: KnownModel): string[] {
  return [
    bundled ? `${name} (${families[family]})` : name,
    stride === null ? `${frames} all` : `${frames}x${stride}`,
    String(size),
    top1?.toFixed(1) ?? '-',
    String(gflop),
    cached ? 'yes' : 'no',
  ];
}
