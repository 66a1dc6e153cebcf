import { type Entry, type FindOptions, entriesOf } from '#lib/cli/folder/entries';

/** Everything that was named. */
export async function allOf(names: readonly string[], options?: FindOptions): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of entriesOf(names, options)) entries.push(entry);
  return entries;
}

/** The names of the videos; for what is an error, its code and its name. */
export async function found(names: readonly string[], options?: FindOptions): Promise<string[]> {
  const entries = await allOf(names, options);
  return entries.map(({ name, error }) => (error === undefined ? name : `${error.code} ${name}`));
}
