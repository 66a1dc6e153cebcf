/**
 * `tubelet export`: a checkpoint as one TorchScript file.
 *
 * @module
 */
import { type ExportResult, exportModel } from '../../api/export-model';
import { defaultModel } from '../../checkpoints/locate';
import { UsageError, parseOptions } from '../base/arguments';
import { type Command, optionHelp } from '../base/command';
import { showProgress } from '../base/progress';
import { type Session, exit } from '../base/session';
import { megabytes, printable, styled } from '../base/text';

const help = `Usage: tubelet export --model NAME --output FILE.pt [options]

Writes a checkpoint as one TorchScript file: program, weights, labels and
preprocessing. tubelet runs it with --trust, and PyTorch without tubelet:
torch.jit.load('FILE.pt')(pixels) gives logits and embedding.

Options:
${optionHelp.model}
  -o, --output FILE.pt
                   where to write
  --force          replace a file that is there already
  --labels FILE    names for the classes, one a line, instead of the model's own
  --json           one JSON line, as when the output is not a terminal

Examples:
  tubelet export --model motion-vivit --output motion-vivit.pt
  tubelet classify clip.mp4 --model ./motion-vivit.pt --trust`;

export const exportCommand: Command = {
  summary: 'write a checkpoint as one TorchScript file',
  help,
  run: async (args, session) => {
    const values = parseOptions(args, {
      model: { type: 'string' },
      output: { type: 'string', short: 'o' },
      force: { type: 'boolean' },
      labels: { type: 'string' },
      json: { type: 'boolean' },
    });
    if (values.output === undefined) throw new UsageError('name the file to write: --output FILE.pt');
    if (!values.output.endsWith('.pt'))
      throw new UsageError(`--output takes a name that ends in .pt, not '${values.output}'`);

    const { onProgress, end } = showProgress(session, values.model ?? defaultModel());
    let result: ExportResult;
    try {
      const options = { overwrite: values.force, labels: values.labels, signal: session.signal, onProgress };
      result = await exportModel(values.model ?? defaultModel(), values.output, options);
    } finally {
      end();
    }
    const asText = session.interactive && values.json !== true;
    session.print(asText ? report(result, session) : JSON.stringify(result));
    return exit.success;
  },
};

function report({ file, bytes, checkpoint }: ExportResult, session: Session): string {
  const revision = checkpoint.revision === undefined ? '' : `@${checkpoint.revision.slice(0, 7)}`;
  return [
    styled(printable(`${checkpoint.name}${revision}`), 'bold', session.color),
    `  wrote ${printable(file)} (${megabytes(bytes)} MB)`,
  ].join('\n');
}
