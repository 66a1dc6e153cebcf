/**
 * What a command is.
 *
 * @module
 */
import type { Session } from './session';

/** One command of the program. */
export interface Command {
  /** For the program's own help, in one line. */
  summary: string;
  /** What --help prints. */
  help: string;
  /**
   * Does it.
   *
   * @param args - What follows the command's name.
   * @returns The exit code.
   * @throws UsageError for arguments that make no sense; other errors when nothing could be done at all.
   */
  run(args: string[], session: Session): Promise<number>;
}

/** The lines about options that several commands share. */
export const optionHelp = {
  model: `  --model NAME     a bundled name (motion-vivit, motion-timesformer,
                   motion-videomae), a folder (absolute or starting with '.'),
                   or a hub name, downloaded once; default:
                   $TUBELET_MODEL, else MCG-NJU/videomae-base-finetuned-kinetics`,
  device: `  --device NAME    where the model runs: cpu (default), cuda (the first GPU),
                   cuda:1 (another one) or auto (a GPU where there is one)`,
  precision: `  --precision TYPE what the model multiplies: fp32 (default), bf16 (faster on a
                   CPU with AVX512-BF16 or AMX) or auto (bf16 where faster)`,
  trust: `  --trust          run a model that is a TorchScript file (FILE.pt): a program,
                   which can do what you can; for those whose maker you trust`,
  json: `  --json           one JSON line a file, as when the output is not a terminal`,
};
