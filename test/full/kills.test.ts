import { survivesKills } from '../process/kills';
import { suiteFolder } from '../support/temp';

describe('a run of a folder that is killed', function () {
  this.timeout(900_000);
  const folder = suiteFolder('kills');

  it('does nothing twice and loses nothing: at 30 random moments', () => survivesKills(folder(), 30, 'full'));
});
