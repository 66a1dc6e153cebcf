/**
 * What the hub's refusals mean and what to do about them.
 *
 * @module
 */
import { TubeletError } from '../base/errors';
import { hubEndpoint } from './environment';
import { type HubName, titleOf } from './repository';

const tokenAdvice =
  'set the environment variable HF_TOKEN to a token that may read it (Settings, Access Tokens on the hub), or ' +
  "log in with 'hf auth login'";

/**
 * An answer that another try would not change, as an error.
 *
 * @param address - What was asked, for the message.
 * @param hasToken - Whether the user's token was sent.
 */
export function refusal(response: Response, name: HubName, address: string, hasToken: boolean): TubeletError {
  const { status, statusText, headers } = response;
  const code = headers.get('x-error-code');
  const title = titleOf(name);
  const page = `${hubEndpoint()}/${name.repository}`;

  if (code === 'GatedRepo') {
    const first = hasToken ? `The token's owner has not been granted access. Open` : 'Open';
    return denied(`'${title}' is gated. ${first} ${page}, accept its conditions there, and ${tokenAdvice}`);
  }
  if (code === 'RepoNotFound') {
    const advice = hasToken ? 'your token may not see it' : tokenAdvice;
    return notFound(
      `There is no '${name.repository}' on ${hubEndpoint()}: check the spelling; if it is private, ${advice}`,
    );
  }
  if (code === 'RevisionNotFound') {
    return notFound(
      `'${name.repository}' has no revision '${name.revision}'. What there is stands at ${page}/tree/main`,
    );
  }
  if (status === 401 || status === 403) {
    const reason = hasToken ? 'The token that was sent is wrong, has expired or may not read it' : 'No token was sent';
    return denied(`The hub refused '${title}' (${status}). ${reason}: ${tokenAdvice}`);
  }
  if (status === 404) return notFound(`'${title}' is not at ${address} (404). Check the name and the revision`);
  return new TubeletError(
    'DOWNLOAD_FAILED',
    `Cannot download '${title}': ${address} answered ${`${status} ${statusText}`.trim()}`,
  );
}

function denied(message: string): TubeletError {
  return new TubeletError('ACCESS_DENIED', message);
}

function notFound(message: string): TubeletError {
  return new TubeletError('MODEL_NOT_FOUND', message);
}
