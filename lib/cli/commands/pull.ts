/**
 * `tubelet pull`: puts checkpoints into the cache, or brings them up to date.
 *
 * @module
 */
import { TubeletError } from '../../base/errors';
import { checkConfiguration } from '../../checkpoints/checkpoint';
import { type Licence, licenceById, licenceOf } from '../../checkpoints/presets';
import { offlineBecauseOf } from '../../hub/environment';
import { type PullOptions, type Pulled, pull as pullFromHub } from '../../hub/pull';
import { parseHubName, titleOf } from '../../hub/repository';
import { parse } from '../base/arguments';
import { type Command, optionHelp } from '../base/command';
import { showProgress } from '../base/progress';
import { type Session, eachVideo } from '../base/session';
import { printable, styled } from '../base/text';

const help = `Usage: tubelet pull NAME... [options]

Downloads what a checkpoint needs into the Hugging Face cache, or what is new
of it. NAME is org/name or org/name@revision. Other commands download what they
lack by themselves; they take what is in the cache as it is.

Options:
${optionHelp.json}

HF_HOME, HF_HUB_CACHE, HF_TOKEN, HF_ENDPOINT and HF_HUB_OFFLINE mean what they
mean to Hugging Face's own programs.

Examples:
  tubelet pull MCG-NJU/videomae-base-finetuned-kinetics
  tubelet pull google/vivit-b-16x2-kinetics400@main`;

export const pull: Command = {
  summary: 'download checkpoints, or what is new of them',
  help,
  run: async (args, session) => {
    const { values, files } = parse(args, { json: { type: 'boolean' } }, 'NAME');
    const asText = session.interactive && values.json !== true;
    return eachVideo(
      files.map((name) => ({ name })),
      session,
      asText ? undefined : (name, { code, message }) => JSON.stringify({ name, error: { code, message } }),
      async ({ name }) => {
        const { commit, folder, license } = await pullShown(name, session);
        const result = { name, commit, folder, licence: await licenceFor(name, license) };
        session.print(asText ? report(result, session) : JSON.stringify(result));
      },
    );
  },
};

async function pullShown(name: string, session: Session): Promise<Pulled> {
  const { onProgress, end } = showProgress(session, name);
  try {
    return await pullByName(name, { signal: session.signal, onProgress });
  } finally {
    end();
  }
}

async function pullByName(name: string, options: PullOptions): Promise<Pulled> {
  const hub = parseHubName(name);
  if (hub === undefined) {
    throw new TubeletError('INVALID_ARGUMENT', `'${name}' is not a hub name: write org/name or org/name@revision`);
  }
  const variable = offlineBecauseOf();
  if (variable !== undefined) {
    const message = `'${titleOf(hub)}' is not downloaded: the environment variable ${variable} forbids it`;
    throw new TubeletError('DOWNLOAD_FAILED', message);
  }
  return pullFromHub(hub, { ...options, beforeWeights: checkConfiguration });
}

/** As tubelet's own table has it, else by the name that the model card gives it. */
async function licenceFor(name: string, card: string | undefined): Promise<Licence | null> {
  const known = await licenceOf(parseHubName(name)?.repository ?? name);
  if (known !== null || card === undefined) return known;
  return licenceById(card);
}

interface Result extends Omit<Pulled, 'license'> {
  name: string;
  licence: Licence | null;
}

function report({ name, commit, folder, licence }: Result, session: Session): string {
  const lines = [styled(printable(name), 'bold', session.color), `  commit ${commit}`, `  ${printable(folder)}`];
  if (licence !== null) {
    lines.push(`  licence ${printable(licence.id)}${termsOf(licence)}`);
  }
  return lines.join('\n');
}

function termsOf({ commercial }: Licence): string {
  if (commercial === null) return ': not known whether it allows commercial use';
  return commercial ? '' : ': not for commercial use';
}
