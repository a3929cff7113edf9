import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { measure } from '../../test/support/measure.ts';
import { repositoryRoot } from '../../test/support/shared.ts';

const manifests = join(repositoryRoot, 'policies', 'examples', 'shop');
const truth = join(repositoryRoot, 'test', 'scenarios', 'shop');

describe.each(['kubernetes', 'compose'])('the shop, as %s', (kind) => {
  const { score, harm } = measure(join(manifests, kind), join(truth, `truth-${kind}.json`));

  it('is seen as its truth has it', () => {
    expect(score.wrongPairs).toEqual([]);
    expect(score.wrongPorts).toEqual([]);
    expect(score.trapsTaken).toEqual([]);
    expect(score.recallVisible).toBeGreaterThanOrEqual(0.95);
  });

  it('has the entities around it that its truth has', () => {
    expect(score.otherTrue).toBeGreaterThan(0);
    expect([score.otherWrong, score.otherMissed]).toEqual([[], []]);
  });

  it('loses nothing to the policies proposed by default but the connection nothing shows', () => {
    expect(harm.trueEdges).toBeGreaterThan(30);
    expect(harm.cut).toEqual(kind === 'kubernetes' ? ['shop/Deployment/mailer -> shop/Deployment/media 8080/TCP'] : []);
  });
});
