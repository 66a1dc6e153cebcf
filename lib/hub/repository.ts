/**
 * How a repository and a revision of it are named.
 *
 * @module
 */

/** `org/name[@revision]`, as the hub allows them. */
export interface HubName {
  repository: string;
  /** A branch, a tag, `refs/pr/1`, or a commit. */
  revision: string;
}

/** Takes a name apart; `undefined` when it is none of the hub's. */
export function parseHubName(name: string): HubName | undefined {
  const match = /^([\w-][\w.-]*\/[\w-][\w.-]*)(?:@([\w][\w./-]*))?$/.exec(name);
  const [, repository, revision = 'main'] = match ?? [];
  if (repository === undefined || revision.split('/').includes('..')) return undefined;
  return { repository, revision };
}

/** The name as a person would write it. */
export function titleOf({ repository, revision }: HubName): string {
  return revision === 'main' ? repository : `${repository}@${revision}`;
}

/** Whether a revision names a commit in full, so that it can never mean anything else. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}
