import { levelOverItems } from '../process/tiny-items';
import { runPython } from '../support/python';
import { suiteFolder } from '../support/temp';

describe('a batch of 100,000 tiny items', function () {
  this.timeout(600_000);
  const folder = suiteFolder('tiny');

  it('holds memory, descriptors and threads at their level', async () => {
    await runPython('test/reference/checkpoints.py', folder(), '--family', 'videomae', '--size', 'tiny');
    await levelOverItems(folder(), 100_000);
  });
});
