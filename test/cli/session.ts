import { Interrupts } from '#lib/cli/base/interrupts';
import type { Session } from '#lib/cli/base/session';

/** Surroundings for a test: what a command says ends up in two arrays. */
export function fakeSession(overrides: Partial<Session> = {}): Session & { printed: string[]; complaints: string[] } {
  const printed: string[] = [];
  const complaints: string[] = [];
  const interrupts = new Interrupts();
  return {
    interactive: true,
    columns: 80,
    color: false,
    unicode: true,
    errorColumns: 80,
    errorColor: false,
    signal: interrupts.signal,
    interrupts,
    taken: () => Promise.resolve(),
    print: (text) => printed.push(text),
    complain: (text) => complaints.push(text),
    printed,
    complaints,
    ...overrides,
  };
}
