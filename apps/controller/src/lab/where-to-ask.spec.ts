import { describe, expect, it } from '@jest/globals';

import { whereToAsk } from './where-to-ask.ts';

describe('where commands have to ask', () => {
  it('is said where they would ask another port', () => {
    expect(whereToAsk(['http://127.0.0.1:41234', 'http://[::1]:41234'])).toEqual(['In the other terminal, first:  export RINGFENCE_SERVER=http://127.0.0.1:41234']);
    expect(whereToAsk(['http://[::1]:8470'])).toEqual(['In the other terminal, first:  export RINGFENCE_SERVER=http://[::1]:8470']);
  });

  it('goes without saying on the port they ask untold', () => {
    expect(whereToAsk(['http://127.0.0.1:8470', 'http://[::1]:8470'])).toEqual([]);
  });
});
