import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { ControllerPresence } from './controller-presence.ts';

describe('whether the controller is away', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('is said after the grace, once, and taken back as soon as it is there', () => {
    const said: boolean[] = [];
    const presence = new ControllerPresence({ controllerAway: (isAway) => said.push(isAway) }, 1_000);
    presence.found();
    jest.advanceTimersByTime(5_000);
    expect(said).toEqual([false]);
    presence.lost();
    jest.advanceTimersByTime(600);
    // trying in vain does not begin the grace again
    presence.lost();
    jest.advanceTimersByTime(399);
    expect(said).toEqual([false]);
    jest.advanceTimersByTime(1);
    expect(said).toEqual([false, true]);
    presence.found();
    expect(said).toEqual([false, true, false]);
  });

  it('is said of one that never came, and never after the end', () => {
    const said: boolean[] = [];
    const presence = new ControllerPresence({ controllerAway: (isAway) => said.push(isAway) }, 1_000);
    jest.advanceTimersByTime(1_000);
    expect(said).toEqual([true]);
    presence.found();
    presence.lost();
    presence.stop();
    jest.advanceTimersByTime(5_000);
    expect(said).toEqual([true, false]);
  });
});
