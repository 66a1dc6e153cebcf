/** Milliseconds that it spins. */
const spell = 200;

/**
 * By how much other processes slow this one down at the moment: 1 on a quiet machine, 3 where it gets a third of a CPU.
 * What is promised in milliseconds is promised of a machine that is not busy with something else.
 */
export function slowdown(): number {
  const before = process.cpuUsage();
  const start = performance.now();
  while (performance.now() - start < spell);
  const elapsed = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return Math.max(1, (1000 * elapsed) / (user + system));
}
